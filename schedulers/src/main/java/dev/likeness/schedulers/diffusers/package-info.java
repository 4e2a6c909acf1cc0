/**
 * The scheduler classes of diffusers 0.42.1: their options with the same names and defaults, their
 * ladders, and which solver each one is.
 */
package dev.likeness.schedulers.diffusers;
