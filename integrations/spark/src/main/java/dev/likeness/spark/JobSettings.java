package dev.likeness.spark;

import java.io.Serializable;

/**
 * The settings that all tasks of a job share.
 *
 * @param base the place of the base model
 * @param device the device of {@link dev.likeness.diffusion.tensor.Compute#of}, or null for the GPU
 *     of the task, and for the CPU if the task has none
 * @param dtype the element type of the base, or null for the device's default
 * @param detector a YuNet file that finds faces, or null for the built-in detector
 * @param embedder a face embedder's file that measures likeness, or null for the base's own
 * @param isCommercial true if the embedder's licence must allow commercial use
 * @param saveInterval training steps between two saved states
 */
record JobSettings(
    ModelLocation base,
    String device,
    String dtype,
    String detector,
    String embedder,
    boolean isCommercial,
    int saveInterval)
    implements Serializable {
  /** With the step before its upload, a state of 24 steps is at most 25 steps old. */
  static final int MAX_INTERVAL = 24;

  static final int USUAL_INTERVAL = 20;

  JobSettings {
    if (saveInterval < 1 || saveInterval > MAX_INTERVAL) {
      throw new IllegalArgumentException(
          "the save interval must be 1 to " + MAX_INTERVAL + " steps, got " + saveInterval);
    }
  }

  static JobSettings on(ModelLocation base) {
    return new JobSettings(base, null, null, null, null, false, USUAL_INTERVAL);
  }

  JobSettings device(String name) {
    return new JobSettings(base, name, dtype, detector, embedder, isCommercial, saveInterval);
  }

  JobSettings dtype(String name) {
    return new JobSettings(base, device, name, detector, embedder, isCommercial, saveInterval);
  }

  JobSettings detector(String file) {
    return new JobSettings(base, device, dtype, file, embedder, isCommercial, saveInterval);
  }

  JobSettings embedder(String file, boolean commercial) {
    return new JobSettings(base, device, dtype, detector, file, commercial, saveInterval);
  }

  JobSettings saveInterval(int steps) {
    return new JobSettings(base, device, dtype, detector, embedder, isCommercial, steps);
  }
}
