package dev.likeness.diffusion.internal.family;

import com.fasterxml.jackson.jr.ob.JSON;
import dev.likeness.diffusion.golden.GoldenFolder;
import dev.likeness.diffusion.golden.GoldenResource;
import dev.likeness.diffusion.internal.file.ListedTensors;
import dev.likeness.diffusion.internal.file.ModelConfig;
import dev.likeness.diffusion.internal.text.ClipTextConfig;
import dev.likeness.diffusion.internal.vae.AutoencoderConfig;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.zip.GZIPInputStream;

/**
 * Models of published size without their weights: the headers of their files, from lists of names
 * and shapes. The files have their full length, with a hole in place of the numbers.
 */
final class PublishedHeaders {
  private static final Map<String, Object> CLIP_G = Map.of(
      "hidden_size", 1280,
      "intermediate_size", 5120,
      "num_hidden_layers", 32,
      "num_attention_heads", 20,
      "projection_dim", 1280,
      "vocab_size", 49408);
  private static final Map<String, Object> CLIP_L = Map.of(
      "hidden_size", 768,
      "intermediate_size", 3072,
      "num_hidden_layers", 12,
      "num_attention_heads", 12,
      "projection_dim", 768,
      "vocab_size", 49408);
  private static final Map<String, Object> VAE = Map.of(
      "block_out_channels", List.of(128, 256, 512, 512),
      "down_block_types", Collections.nCopies(4, "DownEncoderBlock2D"),
      "up_block_types", Collections.nCopies(4, "UpDecoderBlock2D"),
      "layers_per_block", 2,
      "latent_channels", 16,
      "norm_num_groups", 32,
      "sample_size", 1024);

  private PublishedHeaders() {}

  /** Writes the headers of a layout into a folder, and returns the file or folder that opens. */
  static Path write(String layout, Path folder) throws IOException {
    return switch (layout) {
      case "sd1", "sd2", "sdxl", "refiner" -> {
        Path file = folder.resolve(layout + ".safetensors");
        weights(file, KeyMapTest.file(layout), "F16");
        yield file;
      }
      case "flux-dev", "flux-schnell", "flux-fill" ->
        folder(folder.resolve(layout), "flux/" + layout.substring(5), layout, "t5-xxl");
      case "sd3-medium", "sd3.5-medium", "sd3.5-large" ->
        folder(folder.resolve(layout), "sd3/three", layout, "t5-xxl");
      case "flux2-klein-4b-distilled" ->
        folder(folder.resolve(layout), "klein/distilled", "flux2-klein-4b", "qwen3-4b");
      case "flux2-klein-4b" -> folder(folder.resolve(layout), "klein/base", layout, "qwen3-4b");
      case "flux2-klein-9b" -> folder(folder.resolve(layout), "klein/base", layout, "qwen3-8b");
      case "z-image-turbo" -> folder(folder.resolve(layout), "zimage/turbo", layout, "qwen3-4b");
      case "chroma1-hd" -> folder(folder.resolve(layout), "chroma/base", layout, "t5-xxl");
      default -> throw new IllegalArgumentException(layout);
    };
  }

  /** The tiny model of a golden folder with the sizes of the published one. */
  private static Path folder(Path folder, String golden, String transformer, String text)
      throws IOException {
    Files.createDirectories(folder);
    GoldenResource.copy(
        "/golden/" + golden + "/model_index.json", folder.resolve("model_index.json"));
    Map<String, Object> index =
        JSON.std.mapFrom(Files.readAllBytes(folder.resolve("model_index.json")));
    for (Map.Entry<String, Object> part : index.entrySet()) {
      String name = part.getKey();
      if (!(part.getValue() instanceof List<?> of) || of.get(0) == null) {
        continue;
      }
      if (name.equals("scheduler")) {
        copy(folder, golden, "scheduler/scheduler_config.json");
      } else if (name.equals("transformer")) {
        listed(folder, golden, name, transformer);
      } else if (name.equals("vae")) {
        vae(folder, golden, String.valueOf(of.get(1)));
      } else if (String.valueOf(of.get(1)).startsWith("CLIPTextModel")) {
        clip(folder, golden, name);
      } else if (name.startsWith("text_encoder")) {
        listed(folder, golden, name, text);
      }
    }
    return folder;
  }

  private static void copy(Path folder, String golden, String file) throws IOException {
    Files.createDirectories(folder.resolve(file).getParent());
    GoldenResource.copy("/golden/" + golden + "/" + file, folder.resolve(file));
  }

  /** Copies the configuration of a component with other sizes. */
  private static ModelConfig configure(
      Path folder, String golden, String name, Map<String, ?> sizes) throws IOException {
    copy(folder, golden, name + "/config.json");
    Path file = folder.resolve(name + "/config.json");
    Map<String, Object> config = new LinkedHashMap<>(JSON.std.mapFrom(Files.readAllBytes(file)));
    config.putAll(sizes);
    config.remove("layer_types");
    Files.write(
        file,
        JSON.std
            .with(JSON.Feature.WRITE_NULL_PROPERTIES)
            .asString(config)
            .getBytes(StandardCharsets.UTF_8));
    return ModelConfig.read(file);
  }

  private static void listed(Path folder, String golden, String name, String list)
      throws IOException {
    Map<?, ?> published;
    try (InputStream in = new GZIPInputStream(PublishedHeaders.class.getResourceAsStream(
        list.startsWith("chroma")
            ? "/golden/chroma/keys.json.gz"
            : "/golden/transformer-keys.json.gz"))) {
      published = (Map<?, ?>) JSON.std.mapFrom(in).get(list);
    }
    Map<String, Object> sizes = new LinkedHashMap<>();
    ((Map<?, ?>) published.get("config")).forEach((key, value) -> sizes.put("" + key, value));
    configure(folder, golden, name, sizes);
    weights(
        folder.resolve(name + "/" + file(name)),
        GoldenFolder.shapes((Map<?, ?>) published.get("canonical")),
        "BF16");
  }

  private static void vae(Path folder, String golden, String className) throws IOException {
    if (className.equals("AutoencoderKLFlux2")) {
      listed(folder, golden, "vae", "flux2-vae");
      return;
    }
    AutoencoderConfig config = AutoencoderConfig.of(configure(folder, golden, "vae", VAE));
    weights(folder.resolve("vae/" + file("vae")), ListedTensors.of(config).shapes(), "BF16");
  }

  private static void clip(Path folder, String golden, String name) throws IOException {
    ClipTextConfig config = ClipTextConfig.of(
        configure(folder, golden, name, name.equals("text_encoder_2") ? CLIP_G : CLIP_L));
    weights(folder.resolve(name + "/" + file(name)), ListedTensors.of(config).shapes(), "BF16");
  }

  private static String file(String component) {
    return component.startsWith("text_encoder")
        ? "model.safetensors"
        : "diffusion_pytorch_model.safetensors";
  }

  private static void weights(Path file, Map<String, long[]> shapes, String dtype)
      throws IOException {
    StringBuilder json = new StringBuilder("{");
    long at = 0;
    for (Map.Entry<String, long[]> tensor : shapes.entrySet()) {
      long bytes = 2 * Arrays.stream(tensor.getValue()).reduce(1, (a, b) -> a * b);
      json.append(json.length() > 1 ? "," : "")
          .append("\"" + tensor.getKey() + "\":{\"dtype\":\"" + dtype + "\",\"shape\":"
              + Arrays.toString(tensor.getValue()) + ",\"data_offsets\":[" + at + ","
              + (at + bytes) + "]}");
      at += bytes;
    }
    byte[] header = json.append("}").toString().getBytes(StandardCharsets.UTF_8);
    try (FileChannel out = FileChannel.open(
        file, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE, StandardOpenOption.SPARSE)) {
      out.write(ByteBuffer.allocate(8 + header.length)
          .order(ByteOrder.LITTLE_ENDIAN)
          .putLong(header.length)
          .put(header)
          .flip());
      out.write(ByteBuffer.allocate(1), 8 + header.length + at - 1);
    }
  }
}
