package dev.likeness.lora.internal.training;

import dev.likeness.diffusion.BaseModel;
import dev.likeness.diffusion.internal.family.OpenModel;
import dev.likeness.diffusion.internal.family.WeightsDigest;
import dev.likeness.diffusion.internal.file.SafetensorsHeader;
import dev.likeness.diffusion.internal.tensor.TensorScope;
import dev.likeness.diffusion.internal.training.Ema;
import dev.likeness.diffusion.internal.training.Optimizer;
import dev.likeness.diffusion.internal.training.TrainableWeights;
import dev.likeness.diffusion.internal.training.TrainingStateFile;
import dev.likeness.lora.training.LoraTraining;
import dev.likeness.lora.training.TrainingExample;
import dev.likeness.lora.training.TrainingSet;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.bytedeco.pytorch.Tensor;

/**
 * Where a run's state is kept, and whose it is.
 *
 * @param file or null when no state is kept
 * @param owner a digest of everything that decides the weights: the edition of how they are
 *     trained, settings, base with some of each of its network's tensors, subject but for the
 *     consent, images
 */
record TrainingCheckpoint(Path file, String owner) {
  /**
   * Raised where the same settings come to train otherwise: a state from before is not gone on
   * with.
   */
  private static final int VERSION = 3;

  /** Steps between two saves, where saving is quick beside them. */
  static final int SAVE_EVERY = 25;

  /**
   * A small base makes its steps faster than saving them, encrypted, is worth: saving takes one
   * part of so many at most.
   */
  private static final int MIN_RUN_PER_SAVE = 100;

  /** However long saving takes, no more work than this is lost: two minutes, in nanoseconds. */
  private static final long MAX_LOST_NANOS = 120_000_000_000L;

  static TrainingCheckpoint of(LoraTraining settings, BaseModel base, TrainingSet set) {
    Path file = set.stateFile();
    if (file == null) {
      return new TrainingCheckpoint(null, "");
    }
    try {
      MessageDigest digest = MessageDigest.getInstance("SHA-256");
      // Whoever starts a stopped run again agrees anew, at another time, to the same.
      String text = VERSION + " " + settings
          + (settings.optimizerOptions().debiasedEstimation() ? " without min-SNR " : " ")
          + base.name() + " "
          + base.compute() + " " + set.personToken().token() + "/"
          + set.personToken().classWord()
          + set.validation()
              .map(p ->
                  " " + p.interval() + " " + p.patience() + " " + p.request().prompt())
              .orElse("");
      digest.update(text.getBytes(StandardCharsets.UTF_8));
      digest.update(
          WeightsDigest.of(base.unwrap(OpenModel.class)).getBytes(StandardCharsets.UTF_8));
      for (TrainingExample image : set.examples()) {
        digest.update(image.image().rgb());
        digest.update((image.caption() + " " + image.focus()).getBytes(StandardCharsets.UTF_8));
        image.mask().ifPresent(mask -> digest.update(mask.rgb()));
      }
      return new TrainingCheckpoint(file, HexFormat.of().formatHex(digest.digest()));
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java has SHA-256", e);
    }
  }

  /** Takes up the saved state, if there is one. */
  void resume(TrainableWeights weights, Optimizer optimizer, Ema ema, List<Stateful> others) {
    if (!TrainingStateFile.exists(file, owner, "settings, base, images and release of Likeness")) {
      return;
    }
    others.forEach(other -> other.resume(SafetensorsHeader.read(file).metadata()));
    new TrainingStateFile(weights, optimizer, ema)
        .load(file, (name, tensor) -> others.forEach(other -> other.resume(name, tensor)));
  }

  /**
   * Whether the state is to be saved after that many steps.
   *
   * @param saving how long this run has spent on saving so far
   * @param running how long it has taken so far, in the same unit
   * @param since how long ago it was saved last, or begun, in nanoseconds
   */
  boolean isDue(int steps, long saving, long running, long since) {
    return file != null
        && (steps % SAVE_EVERY == 0 && saving * MIN_RUN_PER_SAVE <= running
            || since >= MAX_LOST_NANOS);
  }

  /**
   * Saves the state, whole or not at all.
   *
   * @throws dev.likeness.diffusion.error.ResourceLimitException when the disk refuses
   */
  void save(TrainableWeights weights, Optimizer optimizer, Ema ema, List<Stateful> others) {
    Map<String, String> notes = new LinkedHashMap<>(Map.of(TrainingStateFile.OWNER, owner));
    Map<String, Tensor> tensors = new LinkedHashMap<>();
    try (TensorScope scope = TensorScope.open()) {
      others.forEach(other -> {
        notes.putAll(other.notes());
        tensors.putAll(other.tensors());
      });
      new TrainingStateFile(weights, optimizer, ema).save(file, notes, tensors);
    }
  }

  /** A part of a run that a saved state remembers beside weights, average and optimiser. */
  interface Stateful {
    /** Its numbers, by names that no other part has. */
    Map<String, String> notes();

    /** Its tensors, by names that no other part has. */
    Map<String, Tensor> tensors();

    /** Goes on from all notes of a saved state; before {@link #resume(String, Tensor)}. */
    void resume(Map<String, String> notes);

    /** Takes up a tensor of a saved state, if it is one of its own; it ends with the call. */
    void resume(String name, Tensor value);
  }
}
