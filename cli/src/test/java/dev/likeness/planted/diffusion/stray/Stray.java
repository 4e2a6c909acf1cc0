package dev.likeness.planted.diffusion.stray;

/** A package that the list does not have. */
public final class Stray {}
