package dev.likeness.planted.ipadapter.internal.attention;

import dev.likeness.planted.ipadapter.internal.method.plus.PlantedPlus;

/** Code outside of the registry that knows an identity method. */
public final class KnowsMethod {
  PlantedPlus plus;
}
