# Completion of jeton in elvish: put this line into ~/.config/elvish/rc.elv
eval (E:COMPLETE=elvish jeton | slurp)
