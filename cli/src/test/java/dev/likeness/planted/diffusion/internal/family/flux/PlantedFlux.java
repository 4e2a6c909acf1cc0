package dev.likeness.planted.diffusion.internal.family.flux;

/** A class of a family. */
public final class PlantedFlux {}
