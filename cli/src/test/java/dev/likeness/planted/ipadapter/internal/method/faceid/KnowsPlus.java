package dev.likeness.planted.ipadapter.internal.method.faceid;

import dev.likeness.planted.ipadapter.internal.method.plus.PlantedPlus;

/** An identity method that knows another. */
public final class KnowsPlus {
  PlantedPlus plus;
}
