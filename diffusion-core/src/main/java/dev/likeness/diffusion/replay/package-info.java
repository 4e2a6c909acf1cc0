/** How the work of a plan's rows is run in a pass: as it comes, or recorded once and replayed. */
package dev.likeness.diffusion.replay;
