package dev.likeness.planted.lora.internal.file;

import dev.likeness.planted.lora.PlantedLora;

/** An engine that uses its facade. */
public final class UsesRootOfLora {
  PlantedLora lora;
}
