package dev.likeness.diffusion.internal.model;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.jr.ob.JSON;
import dev.likeness.diffusion.BaseModel;
import dev.likeness.diffusion.error.InvalidInputException;
import dev.likeness.diffusion.golden.TinyControlNets;
import dev.likeness.diffusion.internal.family.stablediffusion.ControlNetConfig;
import dev.likeness.diffusion.internal.family.stablediffusion.UNetKeyFormat;
import dev.likeness.diffusion.internal.file.ListedTensors;
import dev.likeness.diffusion.internal.file.ModelConfig;
import dev.likeness.diffusion.internal.file.SafetensorsWriter;
import dev.likeness.diffusion.internal.natives.NoTensorLeaks;
import dev.likeness.diffusion.internal.tensor.TensorScope;
import dev.likeness.diffusion.request.ControlNet;
import dev.likeness.diffusion.tensor.Compute;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** ControlNets in files without a config. */
@ExtendWith(NoTensorLeaks.class)
class ControlNetFileTest {
  @TempDir
  private Path folder;

  /** The config of such a file with a width of {@code text}. */
  private static ControlNetConfig config(int text) {
    boolean linear = text == 1024;
    Map<String, Object> options = new HashMap<>(Map.of(
        "block_out_channels",
        List.of(64, 128),
        "layers_per_block",
        1,
        "attention_head_dim",
        linear ? List.of(1, 2) : 8,
        "cross_attention_dim",
        text,
        "use_linear_projection",
        linear,
        "down_block_types",
        List.of("CrossAttnDownBlock2D", "DownBlock2D"),
        "sample_size",
        linear ? 96 : 64,
        "conditioning_embedding_out_channels",
        List.of(3, 4, 5, 6)));
    return ControlNetConfig.of(ModelConfig.of(options, "a config"));
  }

  private Path write(ControlNetConfig config, String name, String... more) {
    Map<String, long[]> shapes = new LinkedHashMap<>();
    ListedTensors.of(config).addTo(shapes, UNetKeyFormat.of(config).withPrefix("control_model."));
    List.of(
            "input_hint_block.14.weight",
            "zero_convs.3.0.bias",
            "middle_block_out.0.weight",
            "input_blocks.2.0.op.weight")
        .forEach(known -> assertTrue(shapes.containsKey("control_model." + known), known));
    List.of(more).forEach(other -> shapes.put(other, new long[] {1}));
    Path file = folder.resolve(name);
    try (TensorScope scope = TensorScope.open()) {
      Map<String, Tensor> tensors = new HashMap<>();
      shapes.forEach((tensor, shape) -> tensors.put(tensor, torch.zeros(shape)));
      SafetensorsWriter.write(file, tensors, Map.of());
    }
    return file;
  }

  @Test
  void opensItsAuthorsKeyFormatAndDetectsTheFamilyByShapes() {
    for (int text : new int[] {24, 1024}) {
      Path file = write(config(text), text + ".safetensors");
      BaseModel.openControlNet(file, Compute.EXACT).close();
      assertEquals(
          config(text),
          ControlNetConfig.of(ComponentFile.find(null, "controlnet", file).config()));
    }
  }

  @Test
  void refusesWhatOnlyLooksLikeOne() {
    Path difference = write(config(24), "difference.safetensors", "difference");
    assertRefused(
        difference,
        " is a ControlNet's difference to its base, which is not supported; give the whole ControlNet");
    assertRefused(
        write(config(24), "shuffle.safetensors"),
        " (controlnet): option \"global_pool_conditions\" is true; only false is supported");
  }

  @Test
  void asksForTheConfigOfAFileOfDiffusers() throws IOException {
    Path whole = TinyControlNets.write("edges", folder);
    Files.delete(whole.resolve("config.json"));
    assertRefused(
        whole.resolve("diffusion_pytorch_model.safetensors"),
        " is a ControlNet without its config.json; put the published config.json"
            + " beside the file");
  }

  /**
   * As xinsir/controlnet-union-sdxl-1.0 has both of its editions in one folder, under the class of
   * a plain one.
   */
  @Test
  void opensBothEditionsOfAUnion() throws IOException {
    Path union = TinyControlNets.write("xl-union", folder);
    Path config = union.resolve("config.json");
    Map<String, Object> options = new HashMap<>(ModelConfig.read(config).values());
    options.put("_class_name", "ControlNetModel");
    options.remove("num_control_type");
    JSON.std.write(options, config.toFile());
    assertEquals(6, modes(union));
    Path promax = union.resolve("diffusion_pytorch_model_promax.safetensors");
    Files.move(union.resolve("diffusion_pytorch_model.safetensors"), promax);
    Files.move(config, union.resolve("config_promax.json"));
    options.put("num_trans_channel", 320);
    JSON.std.write(options, config.toFile());
    assertEquals(6, modes(promax));
    Files.delete(union.resolve("config_promax.json"));
    assertEquals(
        config + ": option \"num_trans_channel\" is 320; only 16 is supported",
        assertThrows(InvalidInputException.class, () -> modes(promax)).getMessage());
  }

  private static int modes(Path path) {
    try (ControlNet net = BaseModel.openControlNet(path, Compute.EXACT)) {
      return net.modeCount();
    }
  }

  private static void assertRefused(Path file, String words) {
    assertEquals(
        file + words,
        assertThrows(
                InvalidInputException.class, () -> BaseModel.openControlNet(file, Compute.EXACT))
            .getMessage());
  }
}
