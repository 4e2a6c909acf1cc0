package dev.likeness.portrait.training.adapter;

import dev.likeness.diffusion.BaseModel;
import dev.likeness.diffusion.error.InvalidInputException;
import dev.likeness.diffusion.error.ResourceLimitException;
import dev.likeness.diffusion.internal.access.EngineAccess;
import dev.likeness.diffusion.internal.family.stablediffusion.StableDiffusionNetworks;
import dev.likeness.diffusion.internal.family.stablediffusion.UNet2DConditionModel;
import dev.likeness.diffusion.internal.file.SafetensorsWriter;
import dev.likeness.diffusion.internal.io.AtomicFile;
import dev.likeness.diffusion.internal.tensor.NoiseSource;
import dev.likeness.diffusion.internal.tensor.TensorRegion;
import dev.likeness.diffusion.internal.tensor.TensorScope;
import dev.likeness.diffusion.internal.tensor.Tensors;
import dev.likeness.diffusion.internal.training.AdamW;
import dev.likeness.diffusion.internal.training.DiffusionObjective;
import dev.likeness.diffusion.internal.training.GradientClipping;
import dev.likeness.diffusion.internal.training.LearningRateSchedule;
import dev.likeness.diffusion.internal.training.Optimizer;
import dev.likeness.diffusion.internal.training.TrainableWeights;
import dev.likeness.diffusion.internal.training.TrainingStateFile;
import dev.likeness.diffusion.request.Progress;
import dev.likeness.diffusion.request.ProgressEvent;
import dev.likeness.diffusion.request.Run;
import dev.likeness.ipadapter.internal.file.AdapterSites;
import dev.likeness.ipadapter.internal.method.AdapterLayout;
import dev.likeness.ipadapter.internal.method.ReferenceEncoder;
import dev.likeness.ipadapter.internal.registry.AdapterHeader;
import dev.likeness.ipadapter.internal.vision.LoadedImageEncoder;
import dev.likeness.portrait.training.PerceptualLoss;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.bytedeco.pytorch.Device;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;

/** One training of an adapter, from pairs to a file. One thread, used once. */
final class AdapterTrainer implements AutoCloseable {
  private final AdapterTraining settings;
  private final PerceptualLoss perceptualLoss;
  private final BaseModel base;
  private final StableDiffusionNetworks model;
  private final LoadedImageEncoder encoder;
  private final TensorRegion region = new TensorRegion();
  private final EncodedPairs pairs;
  private final DiffusionObjective objective;
  private final AdamW optimizer;
  private AdapterWeights weights;

  AdapterTrainer(
      AdapterTraining settings,
      PerceptualLoss perceptualLoss,
      BaseModel base,
      LoadedImageEncoder encoder) {
    this.settings = settings;
    this.perceptualLoss = perceptualLoss;
    this.base = base;
    this.encoder = encoder;
    model = EngineAccess.model(base).networks(StableDiffusionNetworks.class);
    model.compute().requireTrainable();
    objective = DiffusionObjective.of(model.scheduler(), settings.minSnrGamma(), false);
    pairs = new EncodedPairs(model, region);
    optimizer = settings.optimizer(model.compute().dtype());
  }

  double train(List<TrainingPair> given, Path file, Path state, Run run) {
    if (given.isEmpty()) {
      throw new IllegalArgumentException("there is no pair to learn from");
    }
    AtomicFile.Writable.requireFile(file);
    AdapterSites attentions = AdapterSites.of(base);
    int width = given.get(0).reference().face().map(face -> face.length).orElse(0);
    AdapterLayout layout = settings.layout(attentions, encoder, width);
    run.progress().onEvent(new ProgressEvent.Phase("encode", given.size()));
    ReferenceEncoder eye = new ReferenceEncoder("the adapter in training", layout, encoder);
    for (int i = 0; i < given.size(); i++) {
      run.cancellation().throwIfCancelled();
      pairs.add(given.get(i), eye);
      run.progress().onEvent(new ProgressEvent.Step("encode", i + 1, given.size()));
    }
    weights = new AdapterWeights(model, attentions, layout, settings);
    String recipe = AdapterTraining.SettingsText.of(settings);
    AdapterState kept = new AdapterState(state, owner(recipe), weights.trainable(), optimizer);
    kept.resume();
    double loss = trainSteps(kept, run);
    kept.requireNumbers();
    Map<String, String> header = new HashMap<>(
        Map.of("likeness.base", base.name(), AdapterHeader.TRAINING_SETTINGS, recipe));
    if (layout.imageWidth() > 0) {
      header.put(AdapterHeader.FAMILY, encoder.config().family());
    }
    SafetensorsWriter.write(file, weights.trainable().leaves(), header);
    return loss;
  }

  private double trainSteps(AdapterState state, Run run) {
    run.progress().onEvent(new ProgressEvent.Phase("train", settings.steps()));
    LearningRateSchedule rate = settings.learningRateSchedule();
    int last = Math.max(1, settings.steps() / 10);
    double sum = 0;
    int counted = 0;
    for (int step = (int) optimizer.steps(); step < settings.steps(); step++) {
      run.cancellation().throwIfCancelled();
      double loss = step(step, rate.at(step), state);
      run.progress().onEvent(new ProgressEvent.Step("train", step + 1, settings.steps(), loss));
      if (step >= settings.steps() - last) {
        sum += loss;
        counted++;
      }
      state.saveAfter(step + 1, settings.steps(), run.progress());
    }
    return counted == 0 ? Double.NaN : sum / counted;
  }

  private double step(int step, double rate, AdapterState state) {
    int length = model.scheduler().noiseSchedule().length();
    EncodedPairs.PairSample draw =
        EncodedPairs.PairSample.of(settings, step, pairs.count(), length);
    try (TensorScope scope = TensorScope.open();
        NoiseSource random = NoiseSource.seeded(draw.seeds())) {
      Tensor clean = pairs.latents(draw, random.next(pairs.shape()));
      Tensor noise = random.next(pairs.shape());
      Tensor loss = loss(draw, clean, noise);
      loss.backward();
      double value = loss.item_double();
      state.requireNumber("the loss", value);
      state.requireNumber(
          "the gradients' length",
          GradientClipping.clip(weights.trainable().leaves().values(), settings.maxGradNorm()));
      optimizer.step(weights.trainable().leaves(), rate);
      return value;
    }
  }

  private Tensor loss(EncodedPairs.PairSample draw, Tensor clean, Tensor noise) {
    UNet2DConditionModel unet = model.unet(weights.adaptation(pairs.projectionInputs(draw)));
    Tensor noised = objective.addNoise(clean, noise, draw.timesteps());
    Tensor answer = unet.forward(
            Tensors.place(model.compute(), noised),
            timestepTensor(draw.timesteps()),
            pairs.textConditioning(draw))
        .cpu();
    Tensor loss = objective.loss(
        answer,
        objective.target(clean, noise, draw.timesteps()),
        draw.timesteps(),
        pairs.focus(draw));
    return perceptualLoss == null
        ? loss
        : loss.add(
            perceptualLoss.of(objective, answer, noised, clean, draw.timesteps(), draw.pairs()));
  }

  private Tensor timestepTensor(int[] timesteps) {
    float[] values = new float[timesteps.length];
    for (int i = 0; i < values.length; i++) {
      values[i] = timesteps[i];
    }
    return torch.tensor(values).to(new Device(model.compute().device()), ScalarType.Float);
  }

  /** Everything that decides the result. */
  private String owner(String recipe) {
    return recipe + (perceptualLoss == null ? "" : " " + perceptualLoss) + " " + base.name() + " "
        + base.weightsDigest() + " " + model.compute() + " " + pairs.digest();
  }

  @Override
  public void close() {
    if (weights != null) {
      weights.close();
    }
    optimizer.close();
    region.close();
  }

  /**
   * Where an adapter's run is kept, and whose it is. What is no number is not kept.
   *
   * @param file or null when no state is kept
   * @param owner everything that decides the result
   */
  record AdapterState(Path file, String owner, TrainableWeights weights, Optimizer optimizer) {
    /** Steps between two saves. */
    private static final int SAVE_EVERY = 25;

    /** Takes up the saved state, if there is one. */
    void resume() {
      if (TrainingStateFile.exists(file, owner, "settings, base and pairs")) {
        new TrainingStateFile(weights, optimizer, null).load(file);
      }
    }

    /**
     * Saves the state when it is time, and after the {@code last} step, so that a result that
     * cannot be written is not lost.
     */
    void saveAfter(long step, long last, Progress progress) {
      if (file == null || step % SAVE_EVERY != 0 && step != last) {
        return;
      }
      requireNumbers();
      try {
        new TrainingStateFile(weights, optimizer, null)
            .save(file, Map.of(TrainingStateFile.OWNER, owner));
      } catch (ResourceLimitException full) {
        progress.onEvent(new ProgressEvent.Notice(
            "step " + step + " is not kept, the training goes on: " + full.getMessage()));
      }
    }

    /**
     * Looks whether the weights are still numbers.
     *
     * @throws InvalidInputException when any is not; a state from before stays as it is
     */
    void requireNumbers() {
      GradientClipping.FiniteNumbers.require(
          weights.leaves().values(), optimizer.steps(), advice());
    }

    /** The same of one number that the weights are about to be moved by. */
    void requireNumber(String what, double value) {
      GradientClipping.FiniteNumbers.require(what, value, optimizer.steps(), advice());
    }

    /** A state goes on with its own settings alone, and so to the same end. */
    private String advice() {
      boolean kept = file != null && Files.exists(file);
      return (kept ? "delete " + file + ", which is as it was saved last, and " : "")
          + "train with a lower learning rate, or in f32 instead of a half type";
    }
  }
}
