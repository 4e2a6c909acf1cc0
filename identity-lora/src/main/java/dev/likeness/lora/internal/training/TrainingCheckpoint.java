package dev.likeness.lora.internal.training;

import dev.likeness.diffusion.BaseModel;
import dev.likeness.diffusion.error.InvalidInputException;
import dev.likeness.diffusion.internal.access.EngineAccess;
import dev.likeness.diffusion.internal.family.WeightsDigest;
import dev.likeness.diffusion.internal.file.Quoted;
import dev.likeness.diffusion.internal.file.SafetensorsHeader;
import dev.likeness.diffusion.internal.io.Sha256;
import dev.likeness.diffusion.internal.tensor.TensorScope;
import dev.likeness.diffusion.internal.training.Ema;
import dev.likeness.diffusion.internal.training.Optimizer;
import dev.likeness.diffusion.internal.training.TrainableWeights;
import dev.likeness.diffusion.internal.training.TrainingStateFile;
import dev.likeness.lora.internal.file.LoraFile;
import dev.likeness.lora.training.TrainingExample;
import dev.likeness.lora.training.TrainingSet;
import dev.likeness.lora.training.TrainingSettings;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.bytedeco.pytorch.Tensor;

/**
 * The state file of a training, and the training that it belongs to.
 *
 * @param file the state file, or null for none
 * @param interval steps between two saves; 0 for {@link #SAVE_EVERY} steps, or more if saving is
 *     slow
 * @param owner a digest of everything that decides the weights: version of the training code,
 *     settings, samples of the base's tensors, the person without the consent, images
 */
record TrainingCheckpoint(Path file, int interval, String owner) {
  /**
   * The version of the training code. It is increased if the same settings train differently; older
   * states are then not resumed.
   */
  private static final int VERSION = 3;

  /** Steps between two saves, if saving is fast in comparison. */
  static final int SAVE_EVERY = 25;

  /**
   * The maximum share of time for saving, as a divisor. A small base computes steps faster than it
   * saves an encrypted state.
   */
  private static final int MIN_RUN_PER_SAVE = 100;

  /** The maximum time between two saves, however long saving takes: two minutes, in nanoseconds. */
  private static final long MAX_LOST_NANOS = 120_000_000_000L;

  static TrainingCheckpoint of(TrainingSettings settings, BaseModel base, TrainingSet set) {
    if (set.stateFile().isEmpty()) {
      return new TrainingCheckpoint(null, 0, "");
    }
    MessageDigest digest = Sha256.digest();
    // The consent is not included, because a resumed training has a consent with another date.
    String text = VERSION + " " + settings
        + (settings.debiasedEstimation() ? " without min-SNR " : " ")
        + base.name() + " "
        + base.compute() + " " + set.personToken().token() + "/"
        + set.personToken().classWord()
        + set.validation()
            .map(
                p -> " " + p.interval() + " " + p.patience() + " " + p.request().prompt())
            .orElse("");
    digest.update(text.getBytes(StandardCharsets.UTF_8));
    digest.update(WeightsDigest.of(EngineAccess.model(base)).getBytes(StandardCharsets.UTF_8));
    if (set.trainingAdapter().isPresent()) {
      digest.update(sha256(LoraFile.weights(set.trainingAdapter().get())));
    }
    for (TrainingExample image : set.examples()) {
      digest.update(image.image().rgb());
      digest.update((image.caption() + " " + image.focus()).getBytes(StandardCharsets.UTF_8));
      image.mask().ifPresent(mask -> digest.update(mask.rgb()));
    }
    return new TrainingCheckpoint(
        set.stateFile().get(),
        set.saveInterval().orElse(0),
        HexFormat.of().formatHex(digest.digest()));
  }

  private static byte[] sha256(Path file) {
    try {
      return Sha256.of(file);
    } catch (IOException e) {
      throw new InvalidInputException("cannot read " + file + ": " + Quoted.reason(e), e);
    }
  }

  /** Loads the saved state, if there is one. */
  void resume(TrainableWeights weights, Optimizer optimizer, Ema ema, List<Stateful> others) {
    if (!TrainingStateFile.exists(file, owner, "settings, base, images and release of Likeness")) {
      return;
    }
    others.forEach(other -> other.resume(SafetensorsHeader.read(file).metadata()));
    new TrainingStateFile(weights, optimizer, ema)
        .load(file, (name, tensor) -> others.forEach(other -> other.resume(name, tensor)));
  }

  /**
   * Returns true if the state must be saved after this many steps.
   *
   * @param saving time spent on saving so far
   * @param running time of the training so far, in the same unit
   * @param since time since the last save or the start, in nanoseconds
   */
  boolean isDue(int steps, long saving, long running, long since) {
    boolean due = interval == 0
        ? steps % SAVE_EVERY == 0 && saving * MIN_RUN_PER_SAVE <= running
        : steps % interval == 0;
    return file != null && (due || since >= MAX_LOST_NANOS);
  }

  /**
   * Saves the state completely or not at all.
   *
   * @throws dev.likeness.diffusion.error.ResourceLimitException if the file cannot be written
   */
  void save(TrainableWeights weights, Optimizer optimizer, Ema ema, List<Stateful> others) {
    Map<String, String> metadata = new LinkedHashMap<>(Map.of(TrainingStateFile.OWNER, owner));
    Map<String, Tensor> tensors = new LinkedHashMap<>();
    try (TensorScope scope = TensorScope.open()) {
      others.forEach(other -> {
        metadata.putAll(other.metadata());
        tensors.putAll(other.tensors());
      });
      new TrainingStateFile(weights, optimizer, ema).save(file, metadata, tensors);
    }
  }

  /** A part of a training whose state is saved beside weights, average and optimiser. */
  interface Stateful {
    /** Returns its text entries, under names that no other part uses. */
    Map<String, String> metadata();

    /** Returns its tensors, under names that no other part uses. */
    Map<String, Tensor> tensors();

    /**
     * Restores its text entries from a saved state; called before {@link #resume(String, Tensor)}.
     */
    void resume(Map<String, String> metadata);

    /**
     * Restores a tensor of a saved state, if it is its own. The tensor is valid only during the
     * call.
     */
    void resume(String name, Tensor value);
  }
}
