package dev.likeness.portrait.training.adapter;

import dev.likeness.diffusion.BaseModel;
import dev.likeness.diffusion.error.InvalidInputException;
import dev.likeness.diffusion.internal.training.AdamW;
import dev.likeness.diffusion.internal.training.LearningRateSchedule;
import dev.likeness.diffusion.internal.training.Muon;
import dev.likeness.diffusion.request.Run;
import dev.likeness.diffusion.tensor.DType;
import dev.likeness.ipadapter.internal.file.AdapterSites;
import dev.likeness.ipadapter.internal.method.AdapterLayout;
import dev.likeness.ipadapter.internal.method.IdentityMethod;
import dev.likeness.ipadapter.internal.projection.ResamplerConfig;
import dev.likeness.ipadapter.internal.registry.MethodRegistry;
import dev.likeness.ipadapter.internal.vision.LoadedImageEncoder;
import dev.likeness.portrait.training.PerceptualLoss;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.DigestOutputStream;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.List;
import java.util.function.Consumer;

/**
 * How to teach an IP-Adapter for a base: projection, keys and values learn, the base and the image
 * encoder stay (Ye et al. 2023, arXiv:2308.06721, section 3.2). Immutable; the methods named like
 * settings return another one.
 *
 * @param method plain, Plus, Full Face or Portrait
 * @param tokens image tokens of one reference; ignored by Full Face
 * @param resampler of Plus's resampler, or null
 * @param rank of a LoRA of every attention's four layers that is learnt with it, as FaceID has one;
 *     0 for none
 * @param initialAdapter an adapter of the same kind and sizes to go on from, or null to begin from
 *     nothing; layers of its LoRA may be missing
 * @param steps optimiser steps
 * @param batchSize pairs in each step
 * @param learningRate at its height
 * @param warmupSteps steps until it is reached
 * @param cooldownSteps last steps, over which it falls to nothing
 * @param minSnrGamma of min-SNR weighting (arXiv:2303.09556), or 0 for none
 * @param muon whether the steps of matrices are made orthogonal ({@link Muon}), which takes fewer
 *     of them; else AdamW
 * @param weightDecay of either
 * @param maxGradNorm what the length of all gradients is cut to
 * @param dropRate the chance that a pair is shown without its reference, and as much again without
 *     its caption, and without both: what guidance needs
 * @param timestepShift above 1 for more of the noisier timesteps, where faces come into being; 1
 *     for all alike (Esser et al. 2024, arXiv:2403.03206, eq. 23)
 * @param seed of first values, order, noise and timesteps
 */
public record AdapterTraining(
    IdentityMethod method,
    int tokens,
    ResamplerConfig resampler,
    int rank,
    Path initialAdapter,
    int steps,
    int batchSize,
    double learningRate,
    int warmupSteps,
    int cooldownSteps,
    double minSnrGamma,
    boolean muon,
    double weightDecay,
    double maxGradNorm,
    double dropRate,
    double timestepShift,
    long seed) {
  private static final int FACE_ID_TOKENS = 4;

  public AdapterTraining {
    if (steps < 1
        || batchSize < 1
        || Math.min(Math.min(warmupSteps, cooldownSteps), rank) < 0
        || tokens < 1
        || !(learningRate > 0 && maxGradNorm > 0)) {
      throw new IllegalArgumentException(
          "steps " + steps + ", batch " + batchSize + ", warmup " + warmupSteps + ", cooldown "
              + cooldownSteps + ", tokens " + tokens + ", rank " + rank
              + ", learning rate " + learningRate + ", longest gradient " + maxGradNorm
              + ": warmup, cooldown and rank must be at least 0, the others above");
    }
    if (!(0 <= dropRate && 3 * dropRate < 1) || !(minSnrGamma >= 0 && weightDecay >= 0)) {
      throw new IllegalArgumentException(
          "drop " + dropRate + " must lie in 0..1/3, gamma " + minSnrGamma
              + " and weight decay "
              + weightDecay + " not below 0");
    }
    if (!(timestepShift > 0)) {
      throw new IllegalArgumentException("timestep shift " + timestepShift + " must be above 0");
    }
    boolean known = method == MethodRegistry.IP_ADAPTER
        || method == MethodRegistry.FULL_FACE
        || method == MethodRegistry.PLUS && resampler != null
        || method == MethodRegistry.FACE_ID_PORTRAIT && tokens != FACE_ID_TOKENS;
    if (!known) {
      throw new IllegalArgumentException("cannot train an " + method.title() + " with " + tokens
          + " tokens and resampler " + resampler
          + "; known: plain, Full Face, Plus with a resampler, Portrait with other than 4 tokens");
    }
  }

  /** A plain adapter of four tokens, with the settings its authors published. */
  public static AdapterTraining base() {
    return new AdapterTraining(
        MethodRegistry.IP_ADAPTER,
        4,
        null,
        0,
        null,
        10_000,
        8,
        1e-4,
        0,
        0,
        0,
        false,
        0.01,
        1,
        0.05,
        1,
        0);
  }

  /** A Plus adapter of 16 tokens whose resampler is {@code width} wide, a multiple of 64. */
  public static AdapterTraining plus(int width) {
    return new AdapterTraining(
        MethodRegistry.PLUS,
        16,
        new ResamplerConfig(width, width, 4),
        0,
        null,
        10_000,
        8,
        1e-4,
        0,
        0,
        0,
        false,
        0.01,
        1,
        0.05,
        1,
        0);
  }

  private AdapterTraining with(Consumer<AdapterTrainingBuilder> change) {
    AdapterTrainingBuilder draft = new AdapterTrainingBuilder(this);
    change.accept(draft);
    return draft.build();
  }

  /** Another number of optimiser steps. */
  public AdapterTraining steps(int n) {
    return with(draft -> draft.steps = n);
  }

  /** Another number of pairs in each step. */
  public AdapterTraining batchSize(int n) {
    return with(draft -> draft.batchSize = n);
  }

  /** Another learning rate. */
  public AdapterTraining learningRate(double rate) {
    return with(draft -> draft.learningRate = rate);
  }

  /** Another share of noisier timesteps. */
  public AdapterTraining timestepShift(double shift) {
    return with(draft -> draft.timestepShift = shift);
  }

  /** A LoRA of that rank learnt with it. */
  public AdapterTraining rank(int n) {
    return with(draft -> draft.rank = n);
  }

  /** Goes on from an adapter's file. */
  public AdapterTraining initialAdapter(Path adapter) {
    return with(draft -> draft.initialAdapter = adapter);
  }

  /** Another seed. */
  public AdapterTraining seed(long value) {
    return with(draft -> draft.seed = value);
  }

  /**
   * Teaches an adapter from pairs and writes it as a safetensors file under the published names,
   * whole or not at all.
   *
   * @param encoder what references are seen through; null for Portrait
   * @param file receives the adapter
   * @param state where the run is kept every 25 steps and after the last, to be gone on with bit
   *     for bit on a CPU; null to keep none. A full disk is told and does not end the training
   * @return the mean loss of the last tenth of the steps, of those that this call made; NaN where a
   *     state was finished already
   * @throws IllegalArgumentException when the base computes in f16, or was trained on continuous
   *     noise levels
   * @throws dev.likeness.diffusion.error.CancelledException within a step of {@code cancellation}
   * @throws dev.likeness.diffusion.error.ResourceLimitException when {@code file} cannot be
   *     written, before the first step as far as its folder tells
   * @throws dev.likeness.diffusion.error.InvalidInputException when the state is of another
   *     training, or loss, gradients or weights are no numbers any more, of which nothing is kept
   */
  public double train(
      BaseModel base,
      LoadedImageEncoder encoder,
      List<TrainingPair> pairs,
      Path file,
      Path state,
      Run run) {
    return train(base, encoder, pairs, null, file, state, run);
  }

  /** The same with a {@code perceptual} loss beside the latents' own. */
  public double train(
      BaseModel base,
      LoadedImageEncoder encoder,
      List<TrainingPair> pairs,
      PerceptualLoss perceptual,
      Path file,
      Path state,
      Run execution) {
    return execution.progress().reportOutcome(() -> {
      try (AdapterTrainer run = new AdapterTrainer(this, perceptual, base, encoder)) {
        return run.train(pairs, file, state, execution);
      }
    });
  }

  /** {@code working}, what the base computes in, is what orthogonal steps are made in. */
  AdamW optimizer(DType working) {
    return muon ? new Muon(0.95, weightDecay, working) : new AdamW(0.9, 0.999, 1e-8, weightDecay);
  }

  LearningRateSchedule learningRateSchedule() {
    LearningRateSchedule constant = LearningRateSchedule.constant(learningRate);
    return (warmupSteps == 0 ? constant : constant.warmup(warmupSteps))
        .cooldown(cooldownSteps, steps);
  }

  /** The layout of what is taught. */
  public AdapterLayout layout(AdapterSites base, LoadedImageEncoder encoder, int faceNumbers) {
    boolean face = method == MethodRegistry.FACE_ID_PORTRAIT;
    if (!face && encoder == null) {
      throw new IllegalArgumentException(
          "an " + method.title() + " looks at images; give an image encoder");
    }
    if (method == MethodRegistry.IP_ADAPTER && encoder.config().projectionDim() == 0) {
      throw new IllegalArgumentException(
          "an " + method.title() + " looks at an image encoder's projection, and "
              + encoder.describe() + " is " + encoder.config().describe()
              + "; give a CLIPVisionModelWithProjection, or train a Plus");
    }
    int image = face
        ? 0
        : method == MethodRegistry.IP_ADAPTER
            ? encoder.config().projectionDim()
            : encoder.config().width();
    long hidden = face ? 2L * faceNumbers : method == MethodRegistry.FULL_FACE ? image : 0;
    return new AdapterLayout(
        method,
        method == MethodRegistry.FULL_FACE ? 0 : tokens,
        base.contextWidth(),
        image,
        face ? faceNumbers : 0,
        hidden,
        resampler,
        base.widths(),
        rank > 0);
  }

  /**
   * What a training's settings say to others, in the header of its adapter, and to a later run: an
   * adapter that it goes on from by its bytes, since a path says how somebody's disk is ordered,
   * and is another when the file was moved.
   */
  static final class SettingsText {
    private SettingsText() {}

    static String of(AdapterTraining settings) {
      return settings.initialAdapter() == null
          ? settings.toString()
          : settings.initialAdapter(null) + " from an adapter of SHA-256 "
              + sha256(settings.initialAdapter());
    }

    private static String sha256(Path file) {
      try (InputStream in = Files.newInputStream(file)) {
        MessageDigest digest = MessageDigest.getInstance("SHA-256");
        in.transferTo(new DigestOutputStream(OutputStream.nullOutputStream(), digest));
        return HexFormat.of().formatHex(digest.digest());
      } catch (IOException e) {
        throw new InvalidInputException(
            file + " cannot be read: " + e.getMessage() + "; give the adapter to go on from", e);
      } catch (NoSuchAlgorithmException e) {
        throw new IllegalStateException("every Java has SHA-256", e);
      }
    }
  }
}
