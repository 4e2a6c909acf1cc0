package dev.likeness.planted.ipadapter;

import dev.likeness.planted.lora.PlantedLora;

/** Adapters of one kind that know those of the other. */
public final class KnowsLora {
  PlantedLora lora;
}
