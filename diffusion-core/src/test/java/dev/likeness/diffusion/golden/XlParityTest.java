package dev.likeness.diffusion.golden;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.likeness.diffusion.BaseModel;
import dev.likeness.diffusion.GeneratedImage;
import dev.likeness.diffusion.internal.family.stablediffusion.UNet2DConditionModel;
import dev.likeness.diffusion.internal.family.stablediffusion.UNetConditioning;
import dev.likeness.diffusion.internal.natives.NoTensorLeaks;
import dev.likeness.diffusion.internal.nn.unet.UNetConfig;
import dev.likeness.diffusion.internal.tensor.TensorScope;
import dev.likeness.diffusion.request.ImageRequest;
import dev.likeness.diffusion.request.Run;
import dev.likeness.diffusion.request.SizeConditioning;
import dev.likeness.diffusion.tensor.Compute;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.bytedeco.pytorch.InferenceMode;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

@ExtendWith(NoTensorLeaks.class)
class XlParityTest {
  private static final double LATENTS = 1e-4;
  private static final double IMAGES = 1e-3;

  static List<String> variants() {
    return GoldenFolder.xlVariants();
  }

  static Stream<Arguments> folders() {
    return variants().stream()
        .filter(variant -> !variant.matches("xl-refiner|xl-inpainting"))
        .flatMap(variant -> Stream.of(GoldenFolder.KeyFormat.values())
            .map(spelling -> Arguments.of(variant, spelling)));
  }

  @ParameterizedTest
  @MethodSource("variants")
  void predictsAsDiffusers(String variant, @TempDir Path parent) {
    GoldenFolder folder = GoldenFolder.write(variant, GoldenFolder.KeyFormat.CURRENT, parent);
    try (TensorScope scope = TensorScope.open();
        InferenceMode inference = new InferenceMode(true);
        GoldenReference expected = folder.reference();
        GoldenComponent part =
            GoldenComponent.open(folder, "unet", "diffusion_pytorch_model.safetensors")) {
      UNet2DConditionModel unet =
          new UNet2DConditionModel(UNetConfig.of(part.config()), part.weights());
      part.requireAllRead();
      Tensor timestep = torch.tensor((int) expected.number("unet_timestep")).reshape(1);
      Tensor output = unet.forward(
          expected.tensor("unet.sample"),
          timestep,
          new UNetConditioning(
              expected.tensor("unet.encoder_hidden_states"),
              expected.tensor("unet.pooled"),
              expected.tensor("unet.time_ids")));
      Closeness.assertWithinSpread(1e-4, expected.tensor("unet.output"), output, variant);
    }
  }

  @ParameterizedTest
  @MethodSource("folders")
  void generatesTheImagesOfDiffusers(
      String variant, GoldenFolder.KeyFormat spelling, @TempDir Path parent) {
    GoldenFolder folder = GoldenFolder.write(variant, spelling, parent);
    try (GoldenReference expected = folder.reference()) {
      for (GoldenReference.Run run : expected.runs()) {
        folder.schedule(run);
        try (BaseModel base = BaseModel.open(folder.path(), Compute.EXACT)) {
          compare(variant + " " + run, expected, run, base.generateAll(request(run), Run.silent()));
        }
      }
    }
  }

  private static ImageRequest request(GoldenReference.Run run) {
    ImageRequest request = GoldenImages.withNegative(ImageRequest.of(run.prompt()), run.negative())
        .steps(run.steps())
        .guidance(run.guidance())
        .seed(run.seeds().get(0))
        .count(run.seeds().size())
        .size(run.width(), run.height());
    Map<String, List<Integer>> sizes = run.sizes();
    if (sizes.isEmpty()) {
      return request;
    }
    SizeConditioning positive = sizeConditioning(sizes, "");
    return sizes.containsKey("negative_target_size")
        ? request.sizeConditioning(positive, sizeConditioning(sizes, "negative_"))
        : request.sizeConditioning(positive);
  }

  private static SizeConditioning sizeConditioning(
      Map<String, List<Integer>> sizes, String prefix) {
    List<Integer> original = sizes.get(prefix + "original_size");
    List<Integer> corner = sizes.get(prefix + "crops_coords_top_left");
    List<Integer> target = sizes.get(prefix + "target_size");
    return SizeConditioning.DEFAULT
        .originalSize(original.get(1), original.get(0))
        .cropTopLeft(corner.get(1), corner.get(0))
        .targetSize(target.get(1), target.get(0));
  }

  private static void compare(
      String what, GoldenReference expected, GoldenReference.Run run, List<GeneratedImage> images) {
    try (TensorScope scope = TensorScope.open()) {
      Tensor latents = expected.tensor(run.name() + ".latents");
      Tensor pictures = expected.tensor(run.name() + ".images");
      assertEquals(pictures.size(0), images.size(), what);
      for (int i = 0; i < images.size(); i++) {
        Closeness.assertWithinSpread(
            LATENTS,
            latents.select(0, i),
            like(latents, images.get(i).latents().values()),
            what + " latents");
        Closeness.assertImage(IMAGES, pictures.select(0, i), images.get(i), what + " image");
      }
    }
  }

  private static Tensor like(Tensor batch, float[] values) {
    return torch.tensor(values).view(batch.size(1), batch.size(2), batch.size(3));
  }
}
