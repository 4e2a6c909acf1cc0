package dev.likeness.diffusion.internal.memory;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.likeness.diffusion.BaseModel;
import dev.likeness.diffusion.ModelFiles;
import dev.likeness.diffusion.golden.PipelineFolder;
import dev.likeness.diffusion.internal.access.EngineAccess;
import dev.likeness.diffusion.internal.family.OpenModel;
import dev.likeness.diffusion.internal.file.TensorNames;
import dev.likeness.diffusion.tensor.Compute;
import dev.likeness.diffusion.tensor.DType;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class NetworkLayoutTest {
  private static final long[] MATRIX = {128, 64};
  private static final long[] CONVOLUTION = {64, 64, 3, 3};

  @TempDir
  private Path scratch;

  @ParameterizedTest
  @ValueSource(
      strings = {
        "sd1/base",
        "sd1/inpainting",
        "sd1/four-levels",
        "sd1/no-middle",
        "sd1/lists",
        "sdxl/xl-base",
        "sdxl/xl-refiner",
        "sd3/three",
        "sd3/medium",
        "sd3/large",
        "flux/dev",
        "flux/fill",
        "flux/schnell",
        "chroma/base",
        "klein/base",
        "klein/distilled",
        "zimage/turbo"
      })
  void everyFamilyDeclaresItsLayers(String name) {
    Path folder = PipelineFolder.any(name, scratch);
    try (BaseModel base = BaseModel.open(ModelFiles.of(folder), Compute.EXACT)) {
      OpenModel model = EngineAccess.model(base);
      LoadedWeights weights = model.weights(model.denoiser());
      NetworkLayout layout = model.layout(32 * 32);
      BlockNames blocks = weights.unpacked().blocks();
      Set<String> missing = new TreeSet<>();
      for (String tensor : weights.names()) {
        String path = tensor.replaceFirst("\\.weight$", "");
        if (weights.shape(tensor).length < 2 || path.equals(tensor)) {
          continue;
        }
        if (!layout.has(path)) {
          missing.add(path);
        } else if (!blocks.lists().isEmpty()) {
          Optional<String> block = blocks.blockOf(tensor);
          block.ifPresent(streamed -> assertEquals(streamed, layout.place(path).block()));
        }
      }
      assertEquals(Set.of(), missing);
    }
  }

  @Test
  void findsTheBlockOfATensor() {
    BlockNames blocks = BlockNames.of("transformer_blocks", "model.layers");
    assertEquals(
        Optional.of("transformer_blocks.12"),
        blocks.blockOf("transformer_blocks.12.attn.to_q.weight"));
    assertEquals(Optional.of("model.layers.0"), blocks.blockOf("model.layers.0.mlp.up.weight"));
    assertEquals(Optional.empty(), blocks.blockOf("single_transformer_blocks.0.norm.weight"));
    assertEquals(Optional.empty(), blocks.blockOf("layers.0.weight"));
    assertEquals(Optional.empty(), blocks.blockOf("x_embedder.weight"));
    assertEquals(
        Optional.of("encoder.block.3"),
        blocks.and(BlockNames.of("encoder.block")).blockOf("encoder.block.3.layer.0.weight"));
  }

  /** Of a UNet, products in 8 bits pack linear layers, and with a calibration convolutions too. */
  @Test
  void countsTheLayersThatProductsIn8BitsPack() {
    TensorNames unet = new Shapes(Map.of(
        "down_blocks.0.attentions.0.transformer_blocks.0.ff.net.2.weight", MATRIX,
        "down_blocks.0.resnets.0.conv1.weight", CONVOLUTION,
        "down_blocks.0.resnets.0.conv1.bias", new long[] {64}));
    long matrix = 128 * 64;
    long convolution = 64 * 64 * 9;
    ComponentSize plain = ComponentSize.of(unet, BlockNames.NONE, false);
    ComponentSize calibrated = ComponentSize.of(unet, BlockNames.NONE, true);
    WeightResidence products = WeightResidence.INT8_MATMUL;
    assertEquals(4 * (matrix + convolution + 64), plain.bytes(WeightResidence.RESIDENT, 4, false));
    assertEquals(3 * matrix / 2 + 4 * (convolution + 64), plain.bytes(products, 4, false));
    assertEquals(3 * matrix / 2 + 2 * (convolution + 64), plain.bytes(products, 2, false));
    assertEquals(3 * (matrix + convolution) / 2 + 4 * 64, calibrated.bytes(products, 4, false));
    assertEquals(3 * (matrix + convolution) / 2 + 2 * 64, calibrated.bytes(products, 2, false));
    assertTrue(calibrated.bytes(products, 4, true) > calibrated.bytes(products, 4, false));
  }

  @Test
  void countsTheLargestBlockOfAChain() {
    TensorNames chain = new Shapes(Map.of(
        "blocks.0.weight", MATRIX,
        "blocks.1.weight", CONVOLUTION,
        "out.weight", MATRIX));
    ComponentSize size = ComponentSize.of(chain, BlockNames.of("blocks"), false);
    assertEquals(2 * 128 * 64, size.bytes(WeightResidence.STREAMED, 2, false));
    assertEquals(2 * 128 * 64 + 2 * 2 * 64 * 64 * 9, size.bytes(WeightResidence.STREAMED, 2, true));
    assertEquals(List.of("blocks"), BlockNames.of("blocks").lists());
  }

  private record Shapes(Map<String, long[]> shapes) implements TensorNames {
    @Override
    public Set<String> names() {
      return shapes.keySet();
    }

    @Override
    public long[] shape(String name) {
      return shapes.get(name);
    }

    @Override
    public DType dtype(String name) {
      return DType.F16;
    }

    @Override
    public String describe() {
      return "shapes of a test";
    }
  }
}
