package dev.likeness.lora;

import dev.likeness.diffusion.BaseModel;
import dev.likeness.diffusion.GeneratedImage;
import dev.likeness.diffusion.golden.Closeness;
import dev.likeness.diffusion.golden.GoldenFolder;
import dev.likeness.diffusion.golden.GoldenReference;
import dev.likeness.diffusion.internal.access.EngineAccess;
import dev.likeness.diffusion.internal.adapter.Adaptation;
import dev.likeness.diffusion.internal.adapter.ModelAdapter;
import dev.likeness.diffusion.internal.adapter.ModelComponent;
import dev.likeness.diffusion.internal.family.stablediffusion.StableDiffusionNetworks;
import dev.likeness.diffusion.internal.family.stablediffusion.UNetConditioning;
import dev.likeness.diffusion.internal.file.Safetensors;
import dev.likeness.diffusion.internal.natives.NoTensorLeaks;
import dev.likeness.diffusion.internal.tensor.TensorScope;
import dev.likeness.diffusion.internal.text.ClipPromptEncoder;
import dev.likeness.diffusion.request.ImageRequest;
import dev.likeness.diffusion.tensor.Compute;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

@ExtendWith(NoTensorLeaks.class)
class LoraParityTest {
  private static GoldenFolder folder;
  private static BaseModel base;

  @BeforeAll
  static void opensTheBase(@TempDir Path parent) {
    folder = GoldenFolder.write("base", GoldenFolder.KeyFormat.CURRENT, parent);
    base = GoldenFolder.load(folder.path());
  }

  @AfterAll
  static void closesTheBase() {
    base.close();
  }

  static List<GoldenLora.Case> cases() {
    return GoldenLora.cases();
  }

  @ParameterizedTest
  @MethodSource("cases")
  void generatesAsDiffusers(GoldenLora.Case golden) {
    List<Lora> loras = open(golden);
    try (TensorScope scope = TensorScope.open();
        Safetensors expected = GoldenLora.reference()) {
      ImageRequest request = request();
      for (int i = 0; i < loras.size(); i++) {
        request = request.adapter(loras.get(i).at(weight(golden, i)));
      }
      GeneratedImage image = base.generate(request);
      Tensor latents = expected.read(golden.name() + ".latents");
      Closeness.assertWithinSpread(
          1e-4,
          latents,
          torch.tensor(image.latents().values()).view(latents.shape()),
          golden + " latents");
      Tensor picture = expected.read(golden.name() + ".images").select(0, 0);
      Closeness.assertImage(1e-3 * picture.std().item_double(), picture, image, golden + " image");
    } finally {
      loras.forEach(Lora::close);
    }
  }

  /** The file changes residual blocks and samplers too, whose weights follow the attentions'. */
  @ParameterizedTest
  @ValueSource(ints = {0, 1, 2})
  void generatesAsDiffusersWithBlockWeights(int run) {
    String blocks = (String) ((List<?>) GoldenLora.record("blocks").get("weights")).get(run);
    try (TensorScope scope = TensorScope.open();
        Safetensors expected = Safetensors.open(GoldenLora.file("blocks"));
        Lora lora = Lora.open(GoldenLora.file("wide"), base)) {
      Tensor latents = expected.read("case" + run + ".latents");
      GeneratedImage image =
          base.generate(request().adapter(lora.at(LoraWeight.of(1).blocks(blocks))));
      Closeness.assertWithinSpread(
          1e-4, latents, torch.tensor(image.latents().values()).view(latents.shape()), blocks);
    }
  }

  @ParameterizedTest
  @MethodSource("cases")
  void predictsAsDiffusers(GoldenLora.Case golden) {
    List<Lora> loras = open(golden);
    try (TensorScope scope = TensorScope.open();
        NoGradGuard inference = new NoGradGuard();
        Safetensors expected = GoldenLora.reference();
        GoldenReference inputs = folder.reference()) {
      Tensor answer = EngineAccess.model(base)
          .networks(StableDiffusionNetworks.class)
          .unet(adaptation(golden, loras, ModelComponent.UNET))
          .forward(
              inputs.tensor("unet.sample"),
              torch.tensor(
                  new float[] {((Number) GoldenLora.record().get("unet_timestep")).floatValue()}),
              UNetConditioning.text(inputs.tensor("unet.encoder_hidden_states")));
      Closeness.assertWithinSpread(
          2e-5, expected.read(golden.name() + ".unet"), answer, golden + " unet");
      Tensor text = new ClipPromptEncoder(
              EngineAccess.model(base).networks(StableDiffusionNetworks.class).tokenizer(),
              EngineAccess.model(base)
                  .networks(StableDiffusionNetworks.class)
                  .textEncoder(adaptation(golden, loras, ModelComponent.TEXT_ENCODER)),
              Compute.EXACT)
          .encode(prompts())
          .tokens();
      Closeness.assertWithinSpread(
          2e-5, expected.read(golden.name() + ".text"), text, golden + " text");
    } finally {
      loras.forEach(Lora::close);
    }
  }

  private static Adaptation adaptation(
      GoldenLora.Case golden, List<Lora> loras, ModelComponent component) {
    Adaptation sum = Adaptation.NONE;
    for (int i = 0; i < loras.size(); i++) {
      sum = sum.and(
          ModelAdapter.of(loras.get(i).at(weight(golden, i))).adapt(component, Compute.EXACT));
    }
    return sum;
  }

  private static double weight(GoldenLora.Case golden, int index) {
    return new ArrayList<>(golden.weights().values()).get(index);
  }

  private static List<Lora> open(GoldenLora.Case golden) {
    return golden.weights().keySet().stream()
        .map(name -> Lora.open(GoldenLora.file(name), base))
        .toList();
  }

  private static List<String> prompts() {
    return ((List<?>) GoldenLora.record().get("text_prompts"))
        .stream().map(String.class::cast).toList();
  }

  private static ImageRequest request() {
    Map<?, ?> r = (Map<?, ?>) GoldenLora.record().get("request");
    return ImageRequest.of((String) r.get("prompt"))
        .negative((String) r.get("negative"))
        .guidance(((Number) r.get("guidance")).doubleValue())
        .steps(((Number) r.get("steps")).intValue())
        .seed(((Number) ((List<?>) r.get("seeds")).get(0)).longValue())
        .size(((Number) r.get("width")).intValue(), ((Number) r.get("height")).intValue());
  }
}
