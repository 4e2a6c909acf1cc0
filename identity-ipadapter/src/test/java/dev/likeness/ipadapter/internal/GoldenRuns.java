package dev.likeness.ipadapter.internal;

import dev.likeness.diffusion.BaseModel;
import dev.likeness.diffusion.golden.Closeness;
import dev.likeness.diffusion.image.RgbImage;
import dev.likeness.diffusion.internal.file.Safetensors;
import dev.likeness.diffusion.internal.file.SafetensorsWriter;
import dev.likeness.diffusion.internal.tensor.ImageTensors;
import dev.likeness.diffusion.internal.tensor.TensorScope;
import dev.likeness.diffusion.request.ImageRequest;
import dev.likeness.ipadapter.reference.Reference;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch.ScalarType;

/**
 * Runs of a published pipeline with an identity method: the faces, the LoRA and the latents of a
 * golden file. A run's settings are a JSON object.
 *
 * @param golden the golden file
 * @param tolerance the largest difference of latents, as a share of their spread
 */
public record GoldenRuns(String golden, double tolerance) {
  /** The side of the crops of faces. */
  private static final int SIDE = 96;

  /** A setting. */
  public static double number(Map<?, ?> run, String name) {
    return ((Number) run.get(name)).doubleValue();
  }

  /** A setting. */
  public static int integer(Map<?, ?> run, String name) {
    return ((Number) run.get(name)).intValue();
  }

  /** The run with this number in a record. */
  public static Map<?, ?> run(Map<?, ?> record, int i) {
    return (Map<?, ?>) ((List<?>) record.get("runs")).get(i);
  }

  /** The embedding of a face, without a photo. */
  public Reference face(int seed) {
    try (TensorScope scope = TensorScope.open();
        Safetensors file = GoldenNetwork.tensors(golden)) {
      return Reference.face(
          ImageTensors.floats(file.read("face" + seed)), RgbImage.of(1, 1, new byte[3]));
    }
  }

  /** The embeddings of several faces, without photos. */
  public List<Reference> faces(Object seeds) {
    return ((List<?>) seeds)
        .stream().map(seed -> face(((Number) seed).intValue())).toList();
  }

  /** The embeddings of several faces with their crops. */
  public List<Reference> faceCrops(Object seeds) {
    try (TensorScope scope = TensorScope.open();
        Safetensors file = GoldenNetwork.tensors(golden)) {
      return ((List<?>) seeds)
          .stream().map(seed -> faceCrop(file, ((Number) seed).intValue())).toList();
    }
  }

  private static Reference faceCrop(Safetensors file, int seed) {
    byte[] rgb = new byte[3 * SIDE * SIDE];
    float[] rows = ImageTensors.floats(
        file.read("face" + seed + ".crop").to(ScalarType.Float).permute(1, 2, 0));
    for (int i = 0; i < rgb.length; i++) {
      rgb[i] = (byte) (int) rows[i];
    }
    return Reference.face(
        ImageTensors.floats(file.read("face" + seed + ".embedding")), RgbImage.of(SIDE, SIDE, rgb));
  }

  /** Writes the LoRA into a folder. */
  public Path lora(Path folder) {
    Path written = folder.resolve("lora.safetensors");
    try (TensorScope scope = TensorScope.open();
        Safetensors file = GoldenNetwork.tensors(golden)) {
      Map<String, Tensor> tensors = new TreeMap<>();
      file.names().stream()
          .filter(name -> name.startsWith("lora."))
          .forEach(name -> tensors.put(name.substring("lora.".length()), file.read(name)));
      SafetensorsWriter.write(written, tensors, Map.of());
    }
    return written;
  }

  /** Compares the latents of a request with those of a run. */
  public void assertLatents(String run, BaseModel base, ImageRequest request) {
    try (TensorScope scope = TensorScope.open();
        Safetensors file = GoldenNetwork.tensors(golden)) {
      Closeness.assertWithinSpread(
          tolerance,
          file.read(run + ".latents"),
          base.generate(request).latents().toTensor(),
          run);
    }
  }

  /**
   * Replaces the tiny transformer in a folder by one with more blocks.
   *
   * @param blocks numbers of double and of single blocks
   * @param network the transformer's seed and shapes
   */
  public static Path withBlocks(Path folder, List<?> blocks, Map<?, ?> network) throws IOException {
    Path config = folder.resolve("transformer/config.json");
    Files.writeString(
        config,
        Files.readString(config)
            .replace("\"num_layers\": 2", "\"num_layers\": " + blocks.get(0))
            .replace("\"num_single_layers\": 2", "\"num_single_layers\": " + blocks.get(1)));
    try (TensorScope scope = TensorScope.open()) {
      GoldenNetwork.write(
          network,
          folder.resolve("transformer/diffusion_pytorch_model.safetensors"),
          tensors -> {});
    }
    return folder;
  }
}
