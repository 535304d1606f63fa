// The implementation of getClaims() in supabase-js. It fetches the keys from the project's Auth
// server, and sends tokens that it cannot verify to that server; the suite's server has no users.

import { GoTrueClient } from "@supabase/auth-js";
import { verifyTokens } from "./harness.mjs";

await verifyTokens(({ site }) => {
  const options = { autoRefreshToken: false, persistSession: false };
  const auth = new GoTrueClient({ url: `${site}/auth/v1`, ...options });
  return async (token) => {
    const { error } = await auth.getClaims(token);
    if (error) throw error;
  };
});
