# PowerShell completion for jeton: add this line to $PROFILE
$env:COMPLETE = "powershell"; jeton | Out-String | Invoke-Expression; Remove-Item Env:\COMPLETE
