package dev.likeness.integrations.spark;

import java.io.Serializable;
import java.util.Arrays;
import java.util.Locale;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * The settings that all tasks of a job share.
 *
 * @param base the place of the base model
 * @param device the device of {@link dev.likeness.diffusion.tensor.Compute#of}, or null for the GPU
 *     of the task, and for the CPU if the task has none
 * @param dtype the element type of the base, or null for the device's default
 * @param detector a YuNet file that finds faces, or null for the built-in detector
 * @param embedder a face embedder's file that measures likeness, or null for the base's own
 * @param isCommercial true if the licences of all models must allow commercial use
 * @param saveInterval training steps between two saved states
 * @param identity the folder of an identity method, whose adapter encodes the photos instead of a
 *     training; null to train
 * @param schemes the URI schemes that rows may have; empty for those of the output folder and of
 *     Hadoop's default file system
 */
record JobSettings(
    ModelLocation base,
    String device,
    String dtype,
    String detector,
    String embedder,
    boolean isCommercial,
    int saveInterval,
    String identity,
    Set<String> schemes)
    implements Serializable {
  /** With the step before its upload, a state of 24 steps is at most 25 steps old. */
  static final int MAX_INTERVAL = 24;

  static final int USUAL_INTERVAL = 20;

  JobSettings {
    if (saveInterval < 1 || saveInterval > MAX_INTERVAL) {
      throw new IllegalArgumentException(
          "the save interval must be 1 to " + MAX_INTERVAL + " steps, got " + saveInterval);
    }
    schemes = Set.copyOf(schemes);
  }

  static JobSettings on(ModelLocation base) {
    return new JobSettings(base, null, null, null, null, false, USUAL_INTERVAL, null, Set.of());
  }

  JobSettings device(String name) {
    return new JobSettings(
        base, name, dtype, detector, embedder, isCommercial, saveInterval, identity, schemes);
  }

  JobSettings dtype(String name) {
    return new JobSettings(
        base, device, name, detector, embedder, isCommercial, saveInterval, identity, schemes);
  }

  JobSettings detector(String file) {
    return new JobSettings(
        base, device, dtype, file, embedder, isCommercial, saveInterval, identity, schemes);
  }

  JobSettings embedder(String file, boolean commercial) {
    return new JobSettings(
        base,
        device,
        dtype,
        detector,
        file,
        isCommercial || commercial,
        saveInterval,
        identity,
        schemes);
  }

  JobSettings commercial() {
    return new JobSettings(
        base, device, dtype, detector, embedder, true, saveInterval, identity, schemes);
  }

  JobSettings saveInterval(int steps) {
    return new JobSettings(
        base, device, dtype, detector, embedder, isCommercial, steps, identity, schemes);
  }

  JobSettings identity(String folder) {
    return new JobSettings(
        base, device, dtype, detector, embedder, isCommercial, saveInterval, folder, schemes);
  }

  JobSettings schemes(String... names) {
    return new JobSettings(
        base,
        device,
        dtype,
        detector,
        embedder,
        isCommercial,
        saveInterval,
        identity,
        Arrays.stream(names)
            .map(name -> name.strip().toLowerCase(Locale.ROOT))
            .collect(Collectors.toSet()));
  }

  /** Returns these settings with the schemes of {@code places}, unless schemes are set. */
  JobSettings orSchemesOf(String... places) {
    return schemes.isEmpty() ? schemes(places) : this;
  }
}
