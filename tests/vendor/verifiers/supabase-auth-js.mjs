// What getClaims() of supabase-js is. It fetches the keys from the project's Auth server, and asks
// that server about what it cannot check by itself; the suite's server knows no user.

import { GoTrueClient } from "@supabase/auth-js";
import { answer } from "./answer.mjs";

await answer(({ site }) => {
  const options = { autoRefreshToken: false, persistSession: false };
  const auth = new GoTrueClient({ url: `${site}/auth/v1`, ...options });
  return async (token) => {
    const { error } = await auth.getClaims(token);
    if (error) throw error;
  };
});
