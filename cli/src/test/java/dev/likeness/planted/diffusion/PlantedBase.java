package dev.likeness.planted.diffusion;

import dev.likeness.planted.portrait.PlantedPortrait;

/** A library module that knows the embedded model. */
public final class PlantedBase {
  PlantedPortrait portrait;
}
