/* SPDX-License-Identifier: MIT */
#define INCLUDED "before the script"
