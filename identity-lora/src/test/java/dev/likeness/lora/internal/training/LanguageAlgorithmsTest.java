package dev.likeness.lora.internal.training;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.likeness.diffusion.BaseModel;
import dev.likeness.diffusion.golden.PipelineFolder;
import dev.likeness.diffusion.image.RgbImage;
import dev.likeness.diffusion.internal.access.EngineAccess;
import dev.likeness.diffusion.internal.family.TrainingTarget;
import dev.likeness.diffusion.internal.file.RenamedSource;
import dev.likeness.diffusion.internal.file.Safetensors;
import dev.likeness.diffusion.internal.natives.NoTensorLeaks;
import dev.likeness.diffusion.internal.nn.SegmentRunner;
import dev.likeness.diffusion.internal.tensor.ImageTensors;
import dev.likeness.diffusion.internal.tensor.NoiseSource;
import dev.likeness.diffusion.internal.tensor.TensorRegion;
import dev.likeness.diffusion.internal.tensor.TensorScope;
import dev.likeness.diffusion.request.ImageRequest;
import dev.likeness.diffusion.tensor.Compute;
import dev.likeness.diffusion.tensor.Latents;
import dev.likeness.lora.Lora;
import dev.likeness.lora.LoraPerson;
import dev.likeness.lora.LoraTrainer;
import dev.likeness.lora.file.KeyFormat;
import dev.likeness.lora.file.LoraInspection;
import dev.likeness.lora.training.AdapterAlgorithm;
import dev.likeness.lora.training.PersonToken;
import dev.likeness.lora.training.TrainingSet;
import dev.likeness.lora.training.TrainingSettings;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** LoRA, DoRA, LoKr and LoHa on klein and Z-Image: the saved file computes as the training did. */
@ExtendWith(NoTensorLeaks.class)
class LanguageAlgorithmsTest {
  private static final int STEPS = 3;
  private static final Pattern KEY = Pattern.compile(
      "(transformer\\.(?:.*\\.)?(?:attn|attention)\\.(?:add_[qkv]_proj|to_(?:[qkv]|out|out\\.0|add_out"
          + "|qkv_mlp_proj)))\\.(l.*|hada_.*)");
  private static final String PROMPT = "selfie of sks woman";

  @TempDir
  private Path parent;

  @ParameterizedTest
  @CsvSource({
    "klein/base, LORA", "klein/base, DORA", "klein/base, LOKR", "klein/base, LOHA",
    "zimage/turbo, LORA", "zimage/turbo, DORA", "zimage/turbo, LOKR", "zimage/turbo, LOHA"
  })
  void savesWhatItTrained(String variant, AdapterAlgorithm algorithm) {
    Path state = parent.resolve("state.safetensors");
    Path file = parent.resolve("person.safetensors");
    try (TensorScope scope = TensorScope.open();
        BaseModel base =
            BaseModel.open(PipelineFolder.write(variant, parent).path(), Compute.EXACT)) {
      TrainingSettings settings = TrainingSettings.balanced()
          .forBase(base)
          .steps(STEPS)
          .warmupSteps(0)
          .learningRate(1e-2)
          .algorithm(algorithm)
          .gradientCheckpointing(true);
      TrainingSet set = TrainingSet.of(List.of(image()), PersonToken.of("woman"))
          .stateFile(state)
          .saveInterval(STEPS);
      try (LoraPerson person = new LoraTrainer(settings).train(base, set)) {
        person.save(file);
      }
      float[] trained = trained(base, settings, state);
      requireKeys(file, algorithm);
      try (Lora lora = Lora.open(file, base)) {
        requireSavedAgain(lora, base, algorithm);
        float[] plain = latents(base, request(variant));
        float[] saved = latents(base, request(variant).adapter(lora.at(1)));
        double change = distance(plain, saved);
        double wrong = distance(trained, saved);
        // Files have f16 factors.
        assertTrue(change > 0 && wrong < 0.01 * change, "differs by " + wrong + " of " + change);
        assertEquals(1, lora.inspection().algorithms().size());
      }
    }
  }

  /** Saves an opened file in both formats of diffusers. */
  private void requireSavedAgain(Lora lora, BaseModel base, AdapterAlgorithm algorithm) {
    Path again = parent.resolve("again.safetensors");
    lora.save(again);
    requireKeys(again, algorithm);
    lora.save(again, KeyFormat.DIFFUSERS);
    LoraInspection report = Lora.inspect(again, base);
    assertTrue(report.isComplete(), report.toString());
    assertEquals(lora.inspection().keys().matched(), report.keys().matched());
    assertEquals(lora.inspection().algorithms(), report.algorithms());
  }

  /**
   * The keys by which ComfyUI and diffusers find the layers. They were opened there by
   * {@code tools/goldens/compare_comfyui.py}.
   */
  private static void requireKeys(Path file, AdapterAlgorithm algorithm) {
    Set<String> roles =
        switch (algorithm) {
          case LORA -> Set.of("lora_A.weight", "lora_B.weight");
          case DORA -> Set.of("lora_A.weight", "lora_B.weight", "lora_magnitude_vector.weight");
          case LOKR -> Set.of("lokr_w1", "lokr_w2");
          case LOHA -> Set.of("hada_w1_a", "hada_w1_b", "hada_w2_a", "hada_w2_b");
        };
    try (Safetensors saved = Safetensors.open(file)) {
      Map<String, Set<String>> layers = new TreeMap<>();
      for (String key : saved.names()) {
        Matcher parts = KEY.matcher(key);
        assertTrue(parts.matches(), key);
        layers.computeIfAbsent(parts.group(1), name -> new TreeSet<>()).add(parts.group(2));
      }
      layers.forEach((layer, found) -> assertEquals(roles, found, layer));
      // diffusers takes a file without a first factor at its beginning for an older format.
      String first = saved.names().stream()
          .min(Comparator.<String>comparingInt(name -> -saved.dtype(name).bits())
              .thenComparing(Comparator.naturalOrder()))
          .orElseThrow();
      assertTrue(
          first.endsWith(
              algorithm == AdapterAlgorithm.LOKR
                  ? ".lokr_w1"
                  : algorithm == AdapterAlgorithm.LOHA ? ".hada_w1_a" : ".lora_A.weight"),
          first);
    }
  }

  /** What one step makes of the noise with the last weights of the training. */
  private static float[] trained(BaseModel base, TrainingSettings settings, Path state) {
    try (TensorScope scope = TensorScope.open();
        TensorRegion region = new TensorRegion();
        NoiseSource random = NoiseSource.seeded(7);
        Safetensors saved = Safetensors.open(state);
        TrainableAdapter factors = TrainableAdapter.of(settings, PersonToken.of("woman"), base)) {
      factors
          .weights()
          .load(RenamedSource.of(
              saved,
              name -> name.startsWith("weights.") ? name.substring("weights.".length()) : null));
      TrainingTarget target = TrainingTarget.of(EngineAccess.model(base));
      CaptionEncodings texts = CaptionEncodings.encode(target, List.of(PROMPT), factors, region);
      long channels = EngineAccess.model(base).autoencoder().latentChannels();
      int factor = EngineAccess.model(base).autoencoder().vaeScaleFactor();
      Tensor noise = random.next(channels, 16 / factor, 32 / factor);
      Tensor flow = target
          .predict(
              factors, noise, new double[] {1}, texts.encode(new int[] {0}), SegmentRunner.PLAIN)
          .to(ScalarType.Float);
      return ImageTensors.floats(noise.sub(flow));
    }
  }

  private static ImageRequest request(String variant) {
    double unguided = variant.startsWith("zimage") ? 0 : 1;
    return ImageRequest.of(PROMPT).steps(1).guidance(unguided).size(32, 16).seed(7);
  }

  private static float[] latents(BaseModel base, ImageRequest request) {
    Latents latents = base.generate(request).latents();
    return latents.values();
  }

  private static double distance(float[] a, float[] b) {
    assertEquals(a.length, b.length);
    double sum = 0;
    for (int i = 0; i < a.length; i++) {
      sum += (a[i] - b[i]) * (a[i] - b[i]);
    }
    return Math.sqrt(sum);
  }

  private static RgbImage image() {
    byte[] rgb = new byte[16 * 24 * 3];
    new Random(1).nextBytes(rgb);
    return RgbImage.of(16, 24, rgb);
  }
}
