package dev.likeness.lora.internal.training;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.likeness.diffusion.BaseModel;
import dev.likeness.diffusion.error.CancelledException;
import dev.likeness.diffusion.golden.PipelineFolder;
import dev.likeness.diffusion.golden.SeededWeights;
import dev.likeness.diffusion.image.RgbImage;
import dev.likeness.diffusion.internal.access.EngineAccess;
import dev.likeness.diffusion.internal.adapter.ModelAdapter;
import dev.likeness.diffusion.internal.family.OpenModel;
import dev.likeness.diffusion.internal.family.TrainingTarget;
import dev.likeness.diffusion.internal.file.Safetensors;
import dev.likeness.diffusion.internal.file.SafetensorsWriter;
import dev.likeness.diffusion.internal.natives.NoTensorLeaks;
import dev.likeness.diffusion.internal.nn.SegmentRunner;
import dev.likeness.diffusion.internal.pipeline.Engine;
import dev.likeness.diffusion.internal.tensor.ImageTensors;
import dev.likeness.diffusion.internal.tensor.NoiseSource;
import dev.likeness.diffusion.internal.tensor.TensorRegion;
import dev.likeness.diffusion.internal.tensor.TensorScope;
import dev.likeness.diffusion.internal.training.AdamW;
import dev.likeness.diffusion.internal.training.GradientCheckpointing;
import dev.likeness.diffusion.request.Cancellation;
import dev.likeness.diffusion.request.ImageRequest;
import dev.likeness.diffusion.request.Progress;
import dev.likeness.diffusion.request.ProgressEvent;
import dev.likeness.diffusion.request.Run;
import dev.likeness.diffusion.tensor.Compute;
import dev.likeness.diffusion.tensor.Latents;
import dev.likeness.lora.GoldenLora;
import dev.likeness.lora.Lora;
import dev.likeness.lora.LoraPerson;
import dev.likeness.lora.LoraTrainer;
import dev.likeness.lora.training.LoraTargets;
import dev.likeness.lora.training.PersonToken;
import dev.likeness.lora.training.TrainingExample;
import dev.likeness.lora.training.TrainingSet;
import dev.likeness.lora.training.TrainingSettings;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * FLUX.2 klein and Z-Image are trained with prior preservation, beside peft:
 * {@code tools/goldens/zimage_klein_training.py}.
 */
@ExtendWith(NoTensorLeaks.class)
class LanguageTrainingTest {
  private static final double TOLERANCE = 1e-5;
  /** The factor of seeded numbers in first and second factors. */
  private static final double START = ((Number) record().get("start")).doubleValue();

  @TempDir
  private Path parent;

  private static Map<String, Object> record() {
    return GoldenLora.record("../language/reference");
  }

  private static int number(String name) {
    return ((Number) record().get(name)).intValue();
  }

  private static TrainingSettings settings(String family) {
    List<?> targets = (List<?>) ((Map<?, ?>) record().get("targets")).get(family);
    String pattern = targets.stream()
        .map(name -> ((String) name).replace(".", "\\."))
        .collect(Collectors.joining("|", "transformer\\.(.*\\.)?(", ")"));
    return TrainingSettings.balanced()
        .rank(number("rank"))
        .alpha(number("alpha"))
        .targets(LoraTargets.ATTENTION)
        .trainTextEncoder(false)
        .steps(3)
        .batchSize(number("person"))
        .learningRate(1e-4)
        .warmupSteps(0)
        .minSnrGamma(0)
        .weightDecay(0.01)
        .maxGradNorm(1)
        .randomFlip(false)
        .priorPreservation(number("class"), ((Number) record().get("weight")).doubleValue())
        .captions("%s")
        .seed(0)
        .targetModules(pattern);
  }

  /** The latents, the noise and the noise levels of all steps. */
  private record Given(Tensor latents, Tensor noise, float[] levels) {
    static Given of(String family, Safetensors expected) {
      long[] shape = ((List<?>) ((Map<?, ?>) record().get("latents")).get(family))
          .stream().mapToLong(size -> ((Number) size).longValue()).toArray();
      Map<String, Tensor> seeded =
          SeededWeights.of(Map.of("latents", shape, "noise", shape), number("inputs"));
      Scalar spread = new Scalar(Math.sqrt((double) shape[1] * shape[2] * shape[3] * shape[4]));
      return new Given(
          seeded.get("latents").mul(spread),
          seeded.get("noise").mul(spread),
          ImageTensors.floats(expected.read("sigmas")));
    }

    TrainingStep.Batch batch(int step) {
      return new TrainingStep.Batch(
          latents.select(0, step),
          noise.select(0, step),
          noise.select(0, step),
          new double[] {levels[3 * step], levels[3 * step + 1], levels[3 * step + 2]},
          new int[] {0, 1, 2},
          number("person"),
          null);
    }
  }

  @ParameterizedTest
  @CsvSource({"klein, klein/base", "zimage, zimage/turbo"})
  void makesTheStepsOfPeft(String family, String variant) {
    TrainingSettings settings = settings(family);
    try (TensorScope scope = TensorScope.open();
        BaseModel base =
            BaseModel.open(PipelineFolder.write(variant, parent).path(), Compute.EXACT);
        TensorRegion region = new TensorRegion();
        AdamW optimizer = AdamW.standard();
        TrainableAdapter factors = TrainableAdapter.of(settings, PersonToken.of("woman"), base);
        Safetensors expected = Safetensors.open(GoldenLora.file("../language/" + family))) {
      start(factors);
      OpenModel model = EngineAccess.model(base);
      TrainingObjective objective = TrainingObjective.of(model, settings);
      Given given = Given.of(family, expected);
      TrainingStep learning = step(model, factors, optimizer, objective, region);
      compareLevels(objective, given);
      Tensor gradient = expected.read("gradient");
      learning
          .loss(given.batch(0), settings.priorLossWeight(), SegmentRunner.PLAIN)
          .backward();
      compare(gradient, gradients(factors), "gradient");
      try (GradientCheckpointing twice = new GradientCheckpointing()) {
        twice.backward(learning.loss(given.batch(0), settings.priorLossWeight(), twice));
      }
      compare(gradient, gradients(factors), "gradient with recomputation");
      float[] losses = ImageTensors.floats(expected.read("loss"));
      for (int step = 0; step < 3; step++) {
        learning.backward(given.batch(step), settings);
        double loss = learning.optimize(settings, settings.learningRate());
        assertEquals(losses[step], loss, TOLERANCE * losses[step], "loss of step " + step);
      }
      compare(expected.read("after"), weights(factors), "weights");
    }
  }

  /** A training adapter is a part of the base in training, however the LoRA begins. */
  @ParameterizedTest
  @CsvSource({"klein, klein/base", "zimage, zimage/turbo"})
  void addsTheTrainingAdapterToTheBase(String family, String variant) {
    TrainingSettings settings = settings(family);
    try (TensorScope scope = TensorScope.open();
        BaseModel base =
            BaseModel.open(PipelineFolder.write(variant, parent).path(), Compute.EXACT);
        TensorRegion region = new TensorRegion();
        AdamW optimizer = AdamW.standard();
        Lora added = Lora.open(trainingAdapter(settings, base), base);
        TrainableAdapter factors = TrainableAdapter.of(
            settings,
            PersonToken.of("woman"),
            base,
            ModelAdapter.of(added.at(START * START * number("alpha") / number("rank"))));
        Safetensors expected = Safetensors.open(GoldenLora.file("../language/" + family))) {
      start(factors);
      OpenModel model = EngineAccess.model(base);
      TrainingObjective objective = TrainingObjective.of(model, settings);
      Given given = Given.of(family, expected);
      TrainingStep learning = step(model, factors, optimizer, objective, region);
      learning
          .loss(given.batch(0), settings.priorLossWeight(), SegmentRunner.PLAIN)
          .backward();
      compare(expected.read("adapter.gradient"), gradients(factors), "gradient");
      float[] losses = ImageTensors.floats(expected.read("adapter.loss"));
      for (int step = 0; step < 3; step++) {
        learning.backward(given.batch(step), settings);
        double loss = learning.optimize(settings, settings.learningRate());
        assertEquals(losses[step], loss, TOLERANCE * losses[step], "loss of step " + step);
      }
    }
  }

  /** Writes the seeded adapter of the same layers as the settings train. */
  private Path trainingAdapter(TrainingSettings settings, BaseModel base) {
    Path file = parent.resolve("training-adapter.safetensors");
    try (TensorScope scope = TensorScope.open();
        TrainableAdapter factors = TrainableAdapter.of(settings, PersonToken.of("woman"), base)) {
      Map<String, long[]> shapes = new LinkedHashMap<>();
      factors.weights().leaves().forEach((name, leaf) -> shapes.put(name, leaf.shape()));
      SafetensorsWriter.write(file, SeededWeights.of(shapes, number("adapter")), Map.of());
    }
    return file;
  }

  /**
   * A person is trained on two images with class images, stopped and resumed: the file has
   * diffusers' keys and the same bytes, and it changes the image.
   */
  @ParameterizedTest
  @CsvSource({"klein/base, to_qkv_mlp_proj", "zimage/turbo, layers.1.attention.to_out.0"})
  void resumesBitExactlyAndWritesAFile(String variant, String layer) throws IOException {
    try (BaseModel base =
        BaseModel.open(PipelineFolder.write(variant, parent).path(), Compute.EXACT)) {
      TrainingSettings settings = TrainingSettings.balanced()
          .forBase(base)
          .steps(4)
          .learningRate(1e-2)
          .priorPreservation(1, 0.5)
          .gradientCheckpointing(true);
      assertEquals(16, settings.rank());
      LoraTrainer trainer = new LoraTrainer(settings);
      TrainingSet without = TrainingSet.of(List.of(image(1), image(2)), PersonToken.of("woman"));
      TrainingSet set = variant.startsWith("zimage")
          ? without.trainingAdapter(trainingAdapter(settings, base))
          : without;
      Path whole = train(trainer, base, set, "whole");
      Path state = parent.resolve("state");
      Cancellation stop = new Cancellation();
      assertThrows(
          CancelledException.class,
          () -> trainer.train(
              base,
              set.stateFile(state),
              new Run(
                  event -> {
                    if (event instanceof ProgressEvent.Step step
                        && step.phase().equals("train")
                        && step.step() == 2) {
                      stop.cancel();
                    }
                  },
                  stop)));
      assertArrayEquals(
          Files.readAllBytes(whole),
          Files.readAllBytes(train(trainer, base, set.stateFile(state), "resumed")));
      try (Safetensors file = Safetensors.open(whole);
          Lora lora = Lora.open(whole, base)) {
        assertTrue(file.names().stream().anyMatch(name -> name.contains(layer)), layer);
        assertTrue(file.names().stream()
            .allMatch(name -> name.startsWith("transformer.")
                && (name.endsWith(".lora_A.weight") || name.endsWith(".lora_B.weight"))));
        ImageRequest request =
            ImageRequest.of("a woman").steps(2).guidance(2).size(16, 24).seed(3);
        float[] plain = base.generate(request).latents().values();
        float[] trained = base.generate(request.adapter(lora.at(1))).latents().values();
        double change = 0;
        for (int i = 0; i < plain.length; i++) {
          change = Math.max(change, Math.abs(plain[i] - trained[i]));
        }
        assertTrue(change > 1e-3 && Double.isFinite(change), "change by " + change);
      }
    }
  }

  private Path train(LoraTrainer trainer, BaseModel base, TrainingSet set, String name) {
    Path file = parent.resolve(name + ".safetensors");
    try (LoraPerson person = trainer.train(base, set, Run.silent())) {
      person.save(file);
    }
    return file;
  }

  private static RgbImage image(int seed) {
    byte[] rgb = new byte[16 * 24 * 3];
    new Random(seed).nextBytes(rgb);
    return RgbImage.of(16, 24, rgb);
  }

  @Test
  void warnsOfADistilledScheduler() {
    try (BaseModel base =
        BaseModel.open(PipelineFolder.write("zimage/turbo", parent).path(), Compute.EXACT)) {
      List<String> notices = new ArrayList<>();
      LoraTrainer trainer =
          new LoraTrainer(TrainingSettings.balanced().forBase(base).steps(1));
      TrainingSet set = TrainingSet.of(List.of(image(1)), PersonToken.of("woman"));
      trainer
          .train(base, set, Run.of(event -> {
            if (event instanceof ProgressEvent.Notice notice) {
              notices.add(notice.message());
            }
          }))
          .close();
      assertTrue(
          notices.stream().anyMatch(words -> words.contains("or give a training adapter")),
          notices.toString());
    }
  }

  /** Freed text encoders are read again, and none is freed while a generation uses the model. */
  @Test
  void readsFreedTextEncodersAgain() {
    try (BaseModel base =
        BaseModel.open(PipelineFolder.write("klein/base", parent).path(), Compute.EXACT)) {
      Engine opened = EngineAccess.engine(base);
      ImageRequest request = ImageRequest.of("a woman").steps(1).size(16, 16).seed(3);
      List<Boolean> freed = new ArrayList<>();
      float[] first = base.generateAll(
              request, Run.of(event -> freed.add(opened.freeTextEncoders())))
          .get(0)
          .latents()
          .values();
      assertFalse(freed.isEmpty() || freed.contains(true));
      assertTrue(opened.freeTextEncoders());
      assertArrayEquals(first, base.generate(request).latents().values());
      assertFalse(TrainingMemoryEstimator.freesTextEncoders(EngineAccess.model(base)));
    }
  }

  /** Each step takes the mode of the latents, not a sample. */
  @ParameterizedTest
  @CsvSource({"klein/base", "zimage/turbo"})
  void trainsOnTheModeOfLatents(String variant) {
    try (TensorScope scope = TensorScope.open();
        BaseModel base =
            BaseModel.open(PipelineFolder.write(variant, parent).path(), Compute.EXACT);
        TensorRegion region = new TensorRegion()) {
      OpenModel model = EngineAccess.model(base);
      CachedLatents latents = ImageBucket.of(
              List.of(TrainingExample.of(image(1))), TrainingTarget.of(model), region)
          .get(0)
          .latents();
      LatentDiskCache encoding =
          new LatentDiskCache(null, model.autoencoder(), tensor -> tensor, Progress.SILENT);
      latents.add(
          TrainingExample.of(image(1)),
          encoding,
          model.autoencoder().vaeScaleFactor(),
          TrainingSettings.balanced());
      Tensor mode = model.autoencoder().encode(ImageTensors.toSigned(image(1))).mode();
      BatchSampler.BatchSample one = new BatchSampler.BatchSample(
          new int[1], new boolean[1], new int[1], new double[1], new long[1]);
      Tensor sampled = CachedLatents.sample(one, torch.ones_like(mode), 1, latents, latents);
      compare(mode, sampled, "latents");
    }
  }

  private static TrainingStep step(
      OpenModel model,
      TrainableAdapter factors,
      AdamW optimizer,
      TrainingObjective objective,
      TensorRegion region) {
    TrainingTarget target = TrainingTarget.of(model);
    List<String> prompts =
        ((List<?>) record().get("prompts")).stream().map(String.class::cast).toList();
    CaptionEncodings texts = CaptionEncodings.encode(target, prompts, factors, region);
    return new TrainingStep(target, factors, optimizer, objective, texts);
  }

  private static void start(TrainableAdapter factors) {
    Map<String, long[]> shapes = new LinkedHashMap<>();
    factors.weights().leaves().forEach((name, leaf) -> shapes.put(name, leaf.shape()));
    try (NoGradGuard guard = new NoGradGuard()) {
      SeededWeights.of(shapes, number("seed"))
          .forEach((name, value) ->
              factors.weights().leaves().get(name).copy_(value.mul(new Scalar(START))));
    }
  }

  /** The noise levels for the uniform numbers, shifted as the base's scheduler does. */
  private static void compareLevels(TrainingObjective objective, Given given) {
    int i = 0;
    for (Object step : (List<?>) record().get("uniform")) {
      for (Object uniform : (List<?>) step) {
        double level = objective.sampleLevel(((Number) uniform).doubleValue());
        assertEquals(given.levels()[i++], level, 1e-6);
      }
    }
    assertEquals(given.levels().length, i);
  }

  /** All gradients in one, in the order of names; they are zero afterwards. */
  private static Tensor gradients(TrainableAdapter factors) {
    TensorVector all = new TensorVector();
    new TreeMap<>(factors.weights().leaves()).forEach((name, leaf) -> {
      all.push_back(leaf.grad().detach().flatten().clone());
      leaf.grad().zero_();
    });
    return torch.cat(all, 0);
  }

  private static Tensor weights(TrainableAdapter factors) {
    TensorVector all = new TensorVector();
    new TreeMap<>(factors.weights().leaves())
        .values()
        .forEach(leaf -> all.push_back(leaf.detach().flatten()));
    return torch.cat(all, 0);
  }

  private static void compare(Tensor expected, Tensor actual, String what) {
    double wrong = expected.sub(actual).norm().item_double();
    double length = expected.norm().item_double();
    assertTrue(wrong <= TOLERANCE * length, what + " differs by " + wrong / length);
  }

  @ParameterizedTest
  @CsvSource({"klein/base", "klein/distilled", "zimage/turbo", "zimage/wide"})
  void predictsAsItGenerates(String variant) {
    List<String> prompts = List.of("a man", "a woman by the sea");
    try (TensorScope scope = TensorScope.open();
        BaseModel base =
            BaseModel.open(PipelineFolder.write(variant, parent).path(), Compute.EXACT);
        TensorRegion region = new TensorRegion();
        NoiseSource random = NoiseSource.seeded(7);
        TrainableAdapter factors = TrainableAdapter.of(
            TrainingSettings.balanced().forBase(base), PersonToken.of("woman"), base)) {
      TrainingTarget target = TrainingTarget.of(EngineAccess.model(base));
      CaptionEncodings texts = CaptionEncodings.encode(target, prompts, factors, region);
      double unguided = variant.startsWith("zimage") ? 0 : 1;
      Latents latents = base.generate(ImageRequest.of(prompts.get(1))
              .steps(1)
              .guidance(unguided)
              .size(32, 16)
              .seed(7))
          .latents();
      Tensor noise = random.next(latents.channels(), latents.height(), latents.width());
      Tensor flow = target
          .predict(
              factors, noise, new double[] {1}, texts.encode(new int[] {1}), SegmentRunner.PLAIN)
          .to(ScalarType.Float);
      assertArrayEquals(latents.values(), ImageTensors.floats(noise.sub(flow)), 2e-5f);
    }
  }
}
