# SPDX-License-Identifier: GPL-3.0-or-later
# fish completion for priorityd.

complete --command priorityd --no-files
complete --command priorityd --short-option h --long-option help --description 'Print the options'
complete --command priorityd --long-option version --description 'Print the version'
complete --command priorityd --long-option config --require-parameter --force-files --description 'Read settings from this file alone'
complete --command priorityd --long-option rules --require-parameter --arguments '(__fish_complete_directories)' \
    --description 'Read rules from this folder instead of the usual ones'
complete --command priorityd --long-option state --require-parameter --arguments '(__fish_complete_directories)' \
    --description 'Keep here what survives the daemon'
complete --command priorityd --long-option bus --exclusive --arguments 'system session none' --description 'Be found on this bus'
complete --command priorityd --long-option dry-run --description 'Decide and publish everything, apply nothing'
complete --command priorityd --long-option log-level --exclusive --arguments 'error warning notice info debug' \
    --description 'What is logged'
