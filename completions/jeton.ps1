# Completion of jeton in PowerShell: put this line into $PROFILE
$env:COMPLETE = "powershell"; jeton | Out-String | Invoke-Expression; Remove-Item Env:\COMPLETE
