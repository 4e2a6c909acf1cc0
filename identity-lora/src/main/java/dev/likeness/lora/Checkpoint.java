package dev.likeness.lora;

import dev.likeness.diffusion.BaseModel;
import dev.likeness.diffusion.error.UnusableInput;
import dev.likeness.diffusion.image.Picture;
import dev.likeness.diffusion.training.AdamW;
import dev.likeness.diffusion.training.TrainableWeights;
import dev.likeness.diffusion.training.TrainingState;
import dev.likeness.diffusion.weights.SafetensorsHeader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;

/**
 * Where a run's state is kept, and whose it is.
 *
 * @param file or null when no state is kept
 * @param owner a digest of everything that decides the result: settings, base, subject, pictures
 */
record Checkpoint(Path file, String owner) {
  private static final String OWNER = "likeness.run";

  static Checkpoint of(Path file, LoraTraining settings, BaseModel base, Subject subject, List<Picture> pictures) {
    if (file == null) {
      return new Checkpoint(null, "");
    }
    try {
      MessageDigest digest = MessageDigest.getInstance("SHA-256");
      String text = settings + " " + base.name() + " " + base.networks().compute() + " " + subject;
      digest.update(text.getBytes(StandardCharsets.UTF_8));
      pictures.forEach(picture -> digest.update(picture.rgb()));
      return new Checkpoint(file, HexFormat.of().formatHex(digest.digest()));
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java has SHA-256", e);
    }
  }

  /** Takes up the saved state, if there is one. */
  void resume(TrainableWeights weights, AdamW optimizer) {
    if (file == null || !Files.exists(file)) {
      return;
    }
    if (!owner.equals(SafetensorsHeader.read(file).metadata().get(OWNER))) {
      throw new UnusableInput(file + " is the state of another training; give the settings, base and pictures it began"
          + " with, or delete it to begin anew");
    }
    new TrainingState(weights, optimizer, null).load(file);
  }

  /** Saves the state after {@code steps} steps, when it is time. */
  void keep(int steps, TrainableWeights weights, AdamW optimizer) {
    if (file != null && steps % LoraRun.SAVE_EVERY == 0) {
      new TrainingState(weights, optimizer, null).save(file, Map.of(OWNER, owner));
    }
  }
}
