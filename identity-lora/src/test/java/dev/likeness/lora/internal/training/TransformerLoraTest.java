package dev.likeness.lora.internal.training;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.likeness.diffusion.BaseModel;
import dev.likeness.diffusion.GeneratedImage;
import dev.likeness.diffusion.golden.Closeness;
import dev.likeness.diffusion.golden.PipelineFolder;
import dev.likeness.diffusion.golden.TinyControlNets;
import dev.likeness.diffusion.image.RgbImage;
import dev.likeness.diffusion.internal.access.EngineAccess;
import dev.likeness.diffusion.internal.family.TrainingTarget;
import dev.likeness.diffusion.internal.file.RenamedSource;
import dev.likeness.diffusion.internal.file.Safetensors;
import dev.likeness.diffusion.internal.file.TensorSource;
import dev.likeness.diffusion.internal.natives.NoTensorLeaks;
import dev.likeness.diffusion.internal.nn.SegmentRunner;
import dev.likeness.diffusion.internal.tensor.ImageTensors;
import dev.likeness.diffusion.internal.tensor.NoiseSource;
import dev.likeness.diffusion.internal.tensor.TensorRegion;
import dev.likeness.diffusion.internal.tensor.TensorScope;
import dev.likeness.diffusion.internal.text.TextEncoding;
import dev.likeness.diffusion.internal.training.AdamW;
import dev.likeness.diffusion.internal.training.GradientCheckpointing;
import dev.likeness.diffusion.request.ControlImage;
import dev.likeness.diffusion.request.ControlNet;
import dev.likeness.diffusion.request.DegradedGuidance;
import dev.likeness.diffusion.request.GuidanceOptions;
import dev.likeness.diffusion.request.ImageRequest;
import dev.likeness.diffusion.request.Run;
import dev.likeness.diffusion.tensor.Compute;
import dev.likeness.diffusion.tensor.DType;
import dev.likeness.diffusion.tensor.Latents;
import dev.likeness.lora.DreamBooth;
import dev.likeness.lora.GoldenLora;
import dev.likeness.lora.Lora;
import dev.likeness.lora.LoraParts;
import dev.likeness.lora.LoraPerson;
import dev.likeness.lora.LoraTrainer;
import dev.likeness.lora.TrainedModel;
import dev.likeness.lora.internal.algorithm.LoraDelta;
import dev.likeness.lora.training.LoraTargets;
import dev.likeness.lora.training.PersonToken;
import dev.likeness.lora.training.PivotalTuning;
import dev.likeness.lora.training.TrainingSet;
import dev.likeness.lora.training.TrainingSettings;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Transformers are trained: FLUX.1 and Stable Diffusion 3 beside diffusers and peft
 * ({@code tools/goldens/flux_sd3_lora.py}), Chroma beside its own generation.
 */
@ExtendWith(NoTensorLeaks.class)
class TransformerLoraTest {
  private static final TrainingSettings SETTINGS = TrainingSettings.balanced()
      .rank(2)
      .alpha(2)
      .targets(LoraTargets.ATTENTION)
      .trainTextEncoder(true)
      .steps(3)
      .batchSize(2)
      .learningRate(1e-3)
      .warmupSteps(0)
      .minSnrGamma(0)
      .weightDecay(0.01)
      .maxGradNorm(1)
      .randomFlip(false)
      .priorPreservation(0, 1)
      .captions("%s")
      .seed(0);

  @TempDir
  private Path parent;

  private static Safetensors golden(String family) {
    return Safetensors.open(GoldenLora.file("../joint/" + family));
  }

  private static Map<String, Object> record() {
    return GoldenLora.record("../joint/reference");
  }

  @ParameterizedTest
  @CsvSource({"flux, flux/dev", "sd3, sd3/three"})
  void generatesAsDiffusers(String family, String variant) {
    List<?> cases = (List<?>) record().get("cases");
    try (BaseModel base =
            BaseModel.open(PipelineFolder.write(variant, parent).path(), Compute.EXACT);
        Safetensors expected = golden(family)) {
      List<ImageRequest> requests = new ArrayList<>();
      List<Lora> loras = new ArrayList<>();
      for (Object one : cases) {
        ImageRequest request = request();
        for (Map.Entry<?, ?> file : ((Map<?, ?>) one).entrySet()) {
          Lora lora = Lora.open(GoldenLora.file("../joint/" + family + "-" + file.getKey()), base);
          loras.add(lora);
          request = request.adapter(lora.at(((Number) file.getValue()).doubleValue()));
        }
        requests.add(request);
        compare(expected, requests.size() - 1, base.generate(request), family);
      }
      // And each beside the others, its rows told and adapted for themselves.
      List<GeneratedImage> together = base.generateAll(requests);
      for (int i = 0; i < together.size(); i++) {
        compare(expected, i, together.get(i), family + " together");
      }
      loras.forEach(Lora::close);
    }
  }

  /**
   * Guided by two prompts: FLUX over its own guidance and beside a ControlNet, Stable Diffusion 3
   * away from a weakened network too.
   */
  @ParameterizedTest
  @CsvSource({
    "flux, flux/dev, false",
    "flux, flux/dev, true",
    "sd3, sd3/three, false",
    "sd3, sd3/three, true"
  })
  void guidesEachInABatchAsAlone(String family, String variant, boolean inTurns) {
    boolean flux = family.equals("flux");
    GuidanceOptions options = flux
        ? GuidanceOptions.DEFAULT.trueCfgScale(2)
        : GuidanceOptions.DEFAULT.degradedGuidance(DegradedGuidance.skipLayers(1));
    try (BaseModel base =
            BaseModel.open(PipelineFolder.write(variant, parent).path(), Compute.EXACT);
        ControlNet net =
            BaseModel.openControlNet(TinyControlNets.write("flux-union", parent), Compute.EXACT);
        Lora wide = Lora.open(GoldenLora.file("../joint/" + family + "-wide"), base);
        Lora attention = Lora.open(GoldenLora.file("../joint/" + family + "-attention"), base)) {
      ImageRequest plain =
          request().guidance(3).guidance(inTurns ? options.sequentially() : options);
      ImageRequest request =
          flux ? plain.controlImage(ControlImage.of(net, noise()).mode(1)) : plain;
      List<ImageRequest> requests = List.of(
          request.negative("blurry").adapter(wide.at(1)),
          request.prompt("a man").adapter(attention.at(0.7)),
          request.negative("a cat").seed(5).count(2));
      List<GeneratedImage> together = base.generateAll(requests);
      List<GeneratedImage> alone = requests.stream()
          .flatMap(one -> base.generateAll(one, Run.silent()).stream())
          .toList();
      assertEquals(alone.size(), together.size());
      for (int i = 0; i < alone.size(); i++) {
        assertArrayEquals(
            alone.get(i).latents().values(),
            together.get(i).latents().values(),
            2e-4f,
            "image " + i);
      }
    }
  }

  private static RgbImage noise() {
    byte[] rgb = new byte[24 * 16 * 3];
    new Random(5).nextBytes(rgb);
    return RgbImage.of(24, 16, rgb);
  }

  private static void compare(Safetensors expected, int number, GeneratedImage image, String what) {
    try (TensorScope scope = TensorScope.open()) {
      Tensor reference = expected.read("case" + number + ".images");
      Closeness.assertImage(1e-3, reference.select(0, 0), image, what + " " + number);
    }
  }

  private static ImageRequest request() {
    Map<?, ?> r = (Map<?, ?>) record().get("request");
    return ImageRequest.of((String) r.get("prompt"))
        .guidance(((Number) r.get("guidance")).doubleValue())
        .steps(((Number) r.get("steps")).intValue())
        .seed(((Number) ((List<?>) r.get("seeds")).get(0)).longValue())
        .size(((Number) r.get("width")).intValue(), ((Number) r.get("height")).intValue());
  }

  @ParameterizedTest
  @CsvSource({
    "flux, flux/dev, attention",
    "flux, flux/dev, t5",
    "sd3, sd3/three, attention",
    "sd3, sd3/three, t5"
  })
  void makesTheStepsOfPeft(String family, String variant, String what) {
    List<String> prompts =
        ((List<?>) record().get("prompts")).stream().map(String.class::cast).toList();
    boolean t5 = what.equals("t5");
    TrainingSettings settings =
        t5 ? SETTINGS.targetModules(".*(SelfAttention\\.[qkvo]|DenseReluDense\\.w.*)") : SETTINGS;
    try (BaseModel base =
            BaseModel.open(PipelineFolder.write(variant, parent).path(), Compute.EXACT);
        TensorRegion region = new TensorRegion();
        AdamW optimizer = AdamW.standard();
        TrainableAdapter factors = TrainableAdapter.of(settings, PersonToken.of("woman"), base);
        Safetensors golden = golden(family)) {
      load(family + "-" + what, base, factors);
      TensorSource expected = RenamedSource.of(
          golden,
          name -> name.startsWith(t5 ? "t5." : "train.")
              ? name.substring(name.indexOf('.') + 1)
              : null);
      TrainingTarget model = TrainingTarget.of(EngineAccess.model(base));
      TrainingStep learning = new TrainingStep(
          model,
          factors,
          optimizer,
          TrainingObjective.of(EngineAccess.model(base), settings),
          CaptionEncodings.encode(model, prompts, factors, region));
      // T5's scores are not scaled, and round more: the reference without oneDNN and fused
      // attention differs by 1e-4 from itself.
      double each = t5 ? 3e-4 : 1e-4;
      compareGradients(learning, factors, expected, false, each);
      compareGradients(learning, factors, expected, true, each);
      try (TensorScope scope = TensorScope.open()) {
        float[] losses = ImageTensors.floats(expected.read("loss"));
        for (int step = 0; step < 3; step++) {
          learning.backward(batch(expected, step), settings);
          double loss = learning.optimize(settings, 1e-3);
          assertEquals(losses[step], loss, 1e-4 * losses[step], "loss of step " + step);
        }
      }
      compareWeights(factors, expected);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"flux/dev", "sd3/three"})
  void t5EncodesCaptionsOnceIfOnlyClipIsTrained(String variant) {
    TrainingSettings settings = SETTINGS.trainTextEncoder(true);
    try (TensorScope scope = TensorScope.open();
        BaseModel base =
            BaseModel.open(PipelineFolder.write(variant, parent).path(), Compute.EXACT);
        TensorRegion region = new TensorRegion();
        TrainableAdapter factors = TrainableAdapter.of(settings, PersonToken.of("woman"), base)) {
      TrainingTarget model = TrainingTarget.of(EngineAccess.model(base));
      CaptionEncodings texts =
          CaptionEncodings.encode(model, List.of("a man", "a woman by the sea"), factors, region);
      List<String> asked = List.of("a woman by the sea", "a man", "a woman by the sea");
      TextEncoding whole =
          model.encode(asked, model.longText().orElseThrow().encode(asked, factors), factors);
      TextEncoding found = texts.encode(new int[] {1, 0, 1});
      assertTrue(found.tokens().allclose(whole.tokens(), 1e-5, 1e-5, false), "tokens");
      assertTrue(
          found.pooled().allclose(whole.pooled(), 1e-5, 1e-5, false)
              && found.pooled().requires_grad(),
          "pooled");
      assertFalse(model.longText().orElseThrow().isTrained(factors));
      Tensor again = texts.encode(new int[] {0}).tokens();
      long t5 = model.longText().orElseThrow().tokens();
      assertTrue(again
          .narrow(1, again.size(1) - t5, t5)
          .equal(found.tokens().narrow(0, 1, 1).narrow(1, again.size(1) - t5, t5)));
    }
  }

  /** Begins with what a file of diffusers says. */
  private static void load(String file, BaseModel base, TrainableAdapter factors) {
    try (Lora start = Lora.open(GoldenLora.file("../joint/" + file), base);
        NoGradGuard guard = new NoGradGuard()) {
      assertEquals(
          factors.weights().leaves().size(),
          2 * LoraParts.changes(start).weights().size());
      LoraParts.changes(start).weights().forEach((layer, change) -> {
        LoraDelta pair = (LoraDelta) change;
        factors.weights().leaves().get(layer.name() + ".lora_A.weight").copy_(pair.down());
        factors.weights().leaves().get(layer.name() + ".lora_B.weight").copy_(pair.up());
      });
    }
  }

  private static TrainingStep.Batch batch(TensorSource expected, int step) {
    float[] sigmas = ImageTensors.floats(expected.read("sigmas").select(0, step));
    Tensor noise = expected.read("noise").select(0, step);
    return new TrainingStep.Batch(
        expected.read("latents").select(0, step),
        noise,
        noise,
        new double[] {sigmas[0], sigmas[1]},
        new int[] {0, 1},
        2,
        null);
  }

  // Small gradients carry the rounding of the large ones.
  private static void compareGradients(
      TrainingStep learning,
      TrainableAdapter factors,
      TensorSource expected,
      boolean recompute,
      double each) {
    try (TensorScope scope = TensorScope.open();
        GradientCheckpointing twice = new GradientCheckpointing()) {
      Tensor all = expected.read("gradient");
      if (recompute) {
        twice.backward(learning.loss(batch(expected, 0), 0, twice));
      } else {
        learning.loss(batch(expected, 0), 0, SegmentRunner.PLAIN).backward();
      }
      long at = 0;
      double wrong = 0;
      for (Map.Entry<String, Tensor> leaf : new TreeMap<>(factors.weights().leaves()).entrySet()) {
        Tensor value = leaf.getValue();
        Tensor gradient = all.narrow(0, at, value.numel()).view_as(value);
        at += value.numel();
        boolean reached = !gradient.isnan().any().item_bool();
        assertEquals(reached, value.grad().defined(), leaf.getKey());
        if (reached) {
          double difference = gradient.sub(value.grad().detach()).norm().item_double();
          double most = each * gradient.norm().item_double()
              + 1e-6 * all.nan_to_num().norm().item_double();
          assertTrue(difference <= most, leaf.getKey() + " by " + difference);
          wrong += difference * difference;
          value.grad().zero_();
        }
      }
      assertEquals(all.numel(), at);
      assertTrue(
          Math.sqrt(wrong) <= 1e-4 * all.nan_to_num().norm().item_double(),
          "all by " + Math.sqrt(wrong));
    }
  }

  private static void compareWeights(TrainableAdapter factors, TensorSource expected) {
    try (TensorScope scope = TensorScope.open()) {
      TensorVector after = new TensorVector();
      new TreeMap<>(factors.weights().leaves())
          .values()
          .forEach(leaf -> after.push_back(leaf.detach().flatten()));
      Tensor reference = expected.read("after");
      double difference = torch.cat(after, 0).sub(reference).norm().item_double();
      assertTrue(
          difference <= 1e-4 * reference.norm().item_double(),
          "all weights differ by " + difference);
    }
  }

  @ParameterizedTest
  @CsvSource({"flux/dev, flux", "sd3/three, sd3", "chroma/base, chroma"})
  void trainsAPersonAndSavesIt(String variant, String family) {
    Path folder = PipelineFolder.write(variant, parent).path();
    ImageRequest request = ImageRequest.of("sks woman").steps(1).guidance(1).size(24, 16);
    TrainingSet set = TrainingSet.of(List.of(noise()), PersonToken.of("woman"));
    try (BaseModel base = BaseModel.open(folder, Compute.EXACT)) {
      float[] before = base.generate(request).pixels();
      float[] trained;
      Path file = parent.resolve("ada.safetensors");
      try (LoraPerson ada =
          new LoraTrainer(SETTINGS.priorPreservation(1, 1)).train(base, set, Run.silent())) {
        trained = base.generate(request.adapter(ada.at(1))).pixels();
        ada.save(file);
      }
      assertFalse(Arrays.equals(before, trained), "training changed nothing");
      try (LoraPerson ada = LoraPerson.open(file, base)) {
        assertEquals(family, ada.lora().inspection().family());
        assertTrue(
            Arrays.equals(trained, base.generate(request.adapter(ada.at(1))).pixels()));
      }
      assertTrue(
          Arrays.equals(before, base.generate(request).pixels()), "training touched the base");
      try (TrainedModel whole = new DreamBooth(SETTINGS).train(base, set, Run.silent())) {
        whole.save(folder, parent.resolve("whole"), DType.F32);
      }
    }
    try (BaseModel base = BaseModel.open(parent.resolve("whole"), Compute.EXACT)) {
      assertEquals(24, base.generate(request).image().width());
    }
  }

  /** Chroma is trained by what its generation computes, and alike where blocks run twice. */
  @Test
  void trainsChromaAsItGenerates() {
    List<String> prompts = List.of("a man", "a woman by the sea");
    try (TensorScope scope = TensorScope.open();
        BaseModel base =
            BaseModel.open(PipelineFolder.write("chroma/base", parent).path(), Compute.EXACT);
        TensorRegion region = new TensorRegion();
        AdamW optimizer = AdamW.standard();
        NoiseSource random = NoiseSource.seeded(7);
        TrainableAdapter factors = TrainableAdapter.of(SETTINGS, PersonToken.of("woman"), base)) {
      TrainingTarget target = TrainingTarget.of(EngineAccess.model(base));
      CaptionEncodings texts = CaptionEncodings.encode(target, prompts, factors, region);
      Latents latents = base.generate(
              ImageRequest.of(prompts.get(1)).steps(1).guidance(1).size(24, 16).seed(7))
          .latents();
      Tensor noise = random.next(latents.channels(), latents.height(), latents.width());
      Tensor flow = target
          .predict(
              factors, noise, new double[] {1}, texts.encode(new int[] {1}), SegmentRunner.PLAIN)
          .to(ScalarType.Float);
      assertArrayEquals(latents.values(), ImageTensors.floats(noise.sub(flow)), 1e-5f);

      TrainingStep learning = new TrainingStep(
          target,
          factors,
          optimizer,
          TrainingObjective.of(EngineAccess.model(base), SETTINGS),
          texts);
      TrainingStep.Batch batch = new TrainingStep.Batch(
          noise.mul(noise), noise, noise, new double[] {0.5}, new int[] {1}, 1, null);
      learning.loss(batch, 0, SegmentRunner.PLAIN).backward();
      Map<String, Tensor> once = new TreeMap<>();
      factors.weights().leaves().forEach((name, leaf) -> {
        if (leaf.grad().defined()) {
          once.put(name, leaf.grad().detach().clone());
          leaf.grad().zero_();
        }
      });
      try (GradientCheckpointing twice = new GradientCheckpointing()) {
        twice.backward(learning.loss(batch, 0, twice));
      }
      assertTrue(once.values().stream().anyMatch(each -> each.norm().item_double() > 1e-6));
      once.forEach((name, gradient) -> assertTrue(
          factors.weights().leaves().get(name).grad().allclose(gradient, 1e-4, 1e-7, false), name));
    }
  }

  @Test
  void chromaHasNoTextEncoderThatLearnsANewWord() {
    TrainingSettings pivotal = SETTINGS.pivotalTuning(PivotalTuning.of(2));
    try (BaseModel base =
        BaseModel.open(PipelineFolder.write("chroma/base", parent).path(), Compute.EXACT)) {
      String message = assertThrows(
              IllegalArgumentException.class,
              () -> TrainableAdapter.of(pivotal, PersonToken.of("woman"), base))
          .getMessage();
      assertTrue(message.contains("turn pivotal tuning off"), message);
    }
  }
}
