package dev.likeness.diffusion.golden;

import dev.likeness.diffusion.internal.family.stablediffusion.UNet2DConditionModel;
import dev.likeness.diffusion.internal.family.stablediffusion.UNetConditioning;
import dev.likeness.diffusion.internal.natives.NoTensorLeaks;
import dev.likeness.diffusion.internal.nn.unet.UNetConfig;
import dev.likeness.diffusion.internal.tensor.TensorScope;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.bytedeco.pytorch.InferenceMode;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

@ExtendWith(NoTensorLeaks.class)
class UNetParityTest {
  static List<String> variants() {
    return Stream.concat(GoldenFolder.variants().stream(), Stream.of("inpainting"))
        .toList();
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
          UNetConditioning.text(expected.tensor("unet.encoder_hidden_states")));
      Closeness.assertWithinSpread(1e-4, expected.tensor("unet.output"), output, variant);
    }
  }
}
