package dev.likeness.planted.ipadapter.internal.method.plus;

/** A class of an identity method. */
public final class PlantedPlus {}
