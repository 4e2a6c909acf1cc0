package dev.likeness.planted.vault;

/** A name that stands twice. */
public final class Twice {}
