package dev.likeness.planted.photos;

import dev.likeness.planted.photos.internal.PlantedFeatures;
import java.util.List;

/** A supported type with one signature that it should not have. */
public final class MentionsInternal {
  PlantedFeatures hidden() {
    return new PlantedFeatures();
  }

  /** Mentions the engine by a type argument. */
  public List<PlantedFeatures> shown() {
    return List.of(hidden());
  }
}
