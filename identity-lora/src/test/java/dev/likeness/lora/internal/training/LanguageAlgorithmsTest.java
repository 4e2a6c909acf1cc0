package dev.likeness.lora.internal.training;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.likeness.diffusion.BaseModel;
import dev.likeness.diffusion.golden.PipelineFolder;
import dev.likeness.diffusion.image.RgbImage;
import dev.likeness.diffusion.internal.family.OpenModel;
import dev.likeness.diffusion.internal.family.TrainingTarget;
import dev.likeness.diffusion.internal.file.RenamedSource;
import dev.likeness.diffusion.internal.file.Safetensors;
import dev.likeness.diffusion.internal.natives.NoTensorLeaks;
import dev.likeness.diffusion.internal.nn.SegmentRunner;
import dev.likeness.diffusion.internal.tensor.ImageTensors;
import dev.likeness.diffusion.internal.tensor.NoiseSource;
import dev.likeness.diffusion.internal.tensor.TensorRegion;
import dev.likeness.diffusion.internal.tensor.TensorScope;
import dev.likeness.diffusion.request.Cancellation;
import dev.likeness.diffusion.request.ImageRequest;
import dev.likeness.diffusion.tensor.Compute;
import dev.likeness.diffusion.tensor.Latents;
import dev.likeness.lora.Lora;
import dev.likeness.lora.LoraTrainer;
import dev.likeness.lora.TrainedPerson;
import dev.likeness.lora.training.AdapterAlgorithm;
import dev.likeness.lora.training.LoraTraining;
import dev.likeness.lora.training.OptimizerOptions;
import dev.likeness.lora.training.PersonToken;
import dev.likeness.lora.training.TrainingSet;
import java.nio.file.Path;
import java.util.List;
import java.util.Random;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** DoRA, LoKr and LoHa on klein and Z-Image: the saved file computes as the training did. */
@ExtendWith(NoTensorLeaks.class)
class LanguageAlgorithmsTest {
  private static final int STEPS = 3;
  private static final String PROMPT = "selfie of sks woman";

  @TempDir
  private Path parent;

  @ParameterizedTest
  @CsvSource({
    "klein/base, DORA", "klein/base, LOKR", "klein/base, LOHA",
    "zimage/turbo, DORA", "zimage/turbo, LOKR", "zimage/turbo, LOHA"
  })
  void savesWhatItTrained(String variant, AdapterAlgorithm algorithm) {
    Path state = parent.resolve("state.safetensors");
    Path file = parent.resolve("person.safetensors");
    try (TensorScope scope = TensorScope.open();
        BaseModel base =
            BaseModel.open(PipelineFolder.write(variant, parent).path(), Compute.EXACT)) {
      LoraTraining settings = LoraTraining.balanced()
          .forBase(base)
          .steps(STEPS)
          .warmupSteps(0)
          .learningRate(1e-2)
          .optimizerOptions(
              OptimizerOptions.DEFAULT.algorithm(algorithm).gradientCheckpointing(true));
      TrainingSet set = TrainingSet.of(List.of(image()), PersonToken.of("woman"))
          .stateFile(state)
          .saveInterval(STEPS);
      try (TrainedPerson person = new LoraTrainer(settings).train(base, set)) {
        person.save(file);
      }
      float[] trained = trained(base, settings, state);
      try (Lora lora = Lora.open(file, base)) {
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

  /** What one step makes of the noise with the last weights of the training. */
  private static float[] trained(BaseModel base, LoraTraining settings, Path state) {
    try (TensorScope scope = TensorScope.open();
        TensorRegion region = new TensorRegion();
        NoiseSource random = NoiseSource.seeded(7);
        Safetensors saved = Safetensors.open(state);
        TrainableAdapter factors = new TrainableAdapter(settings, PersonToken.of("woman"), base)) {
      factors
          .weights()
          .load(new RenamedSource(
              saved,
              name -> name.startsWith("weights.") ? name.substring("weights.".length()) : null));
      TrainingTarget target = TrainingTarget.of(base.unwrap(OpenModel.class));
      CaptionEncodings texts =
          new CaptionEncodings(target, List.of(PROMPT), factors, region, new Cancellation());
      long channels = base.unwrap(OpenModel.class).autoencoder().latentChannels();
      int factor = base.unwrap(OpenModel.class).autoencoder().vaeScaleFactor();
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
