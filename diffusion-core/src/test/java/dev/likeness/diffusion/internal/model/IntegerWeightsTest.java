package dev.likeness.diffusion.internal.model;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.likeness.diffusion.BaseModel;
import dev.likeness.diffusion.error.InvalidInputException;
import dev.likeness.diffusion.golden.PipelineFolder;
import dev.likeness.diffusion.golden.TinyControlNets;
import dev.likeness.diffusion.internal.file.Safetensors;
import dev.likeness.diffusion.internal.file.SafetensorsWriter;
import dev.likeness.diffusion.internal.natives.NoTensorLeaks;
import dev.likeness.diffusion.internal.tensor.TensorScope;
import dev.likeness.diffusion.internal.tensor.Tensors;
import dev.likeness.diffusion.tensor.Compute;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Integers without a scale are no weights, in any network. */
@ExtendWith(NoTensorLeaks.class)
class IntegerWeightsTest {
  @TempDir
  private Path folder;

  @ParameterizedTest
  @CsvSource({
    "sd1/base, unet, conv_in.weight, conv_in.bias",
    "sd1/base, vae, decoder.conv_out.weight, decoder.conv_norm_out.bias",
    "sd1/base, text_encoder, encoder.layers.0.mlp.fc1.weight, final_layer_norm.bias",
    "sd1/tiny-autoencoder, vae, decoder.layers.0.weight, decoder.layers.0.bias",
    "sd3/medium, transformer, context_embedder.weight, pos_embed.pos_embed",
    "zimage/turbo, transformer, cap_embedder.1.weight, cap_pad_token",
    "klein/base, vae, encoder.conv_in.weight, bn.running_mean",
    "chroma/base, text_encoder, encoder.block.0.layer.0.SelfAttention.q.weight, shared.weight"
  })
  void areRefusedInEveryComponent(String name, String component, String weight, String other) {
    Path base = PipelineFolder.any(name, folder);
    Path file = new ComponentFolder(base.resolve(component), null).weights();
    for (String tensor : List.of(weight, other)) {
      assertRefused(file, tensor, () -> BaseModel.open(base, Compute.EXACT).close());
    }
  }

  @Test
  void areRefusedInAControlNet() {
    Path net = TinyControlNets.write("edges", folder);
    Path file = net.resolve("diffusion_pytorch_model.safetensors");
    for (String tensor : List.of("conv_in.weight", "controlnet_mid_block.bias")) {
      assertRefused(
          file, tensor, () -> BaseModel.openControlNet(net, Compute.EXACT).close());
    }
  }

  @Test
  void areRefusedInAnAutoencoderOfItsOwn() {
    Path base = PipelineFolder.any("sd1/tiny-autoencoder", folder);
    Path file = new ComponentFolder(base.resolve("vae"), null).weights();
    for (String tensor : List.of("decoder.layers.0.weight", "encoder.layers.0.bias")) {
      assertRefused(
          file,
          tensor,
          () ->
              ComponentFile.openAutoencoder(base.resolve("vae"), Compute.EXACT).close());
    }
  }

  private static void assertRefused(Path file, String name, Runnable opening) {
    try (TensorScope scope = TensorScope.open();
        Safetensors source = Safetensors.open(file)) {
      Map<String, Tensor> tensors = new HashMap<>();
      source.names().forEach(one -> tensors.put(one, source.read(one).clone()));
      Tensor plain = tensors.get(name);
      for (ScalarType type : List.of(ScalarType.Char, ScalarType.Byte, ScalarType.Long)) {
        Tensor whole = plain.mul(new Scalar(100)).to(type);
        tensors.put(name, whole);
        SafetensorsWriter.write(file, tensors, source.metadata());
        String said = file
            + (name.endsWith(".weight")
                ? ": \"" + name + "\" has type " + Tensors.dtype(whole)
                    + " without a scale in an unknown format, which is not supported; give the"
                    + " model in bf16, f16 or float8, or as GGUF"
                : ": tensor \"" + name + "\" has type " + Tensors.dtype(whole)
                    + " without a scale; expected floating-point numbers: download it again in"
                    + " f32, bf16, f16 or float8");
        assertEquals(
            said, assertThrows(InvalidInputException.class, opening::run).getMessage(), name);
      }
      tensors.put(name, plain);
      SafetensorsWriter.write(file, tensors, source.metadata());
    }
  }
}
