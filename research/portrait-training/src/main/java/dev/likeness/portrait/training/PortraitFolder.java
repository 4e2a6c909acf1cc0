package dev.likeness.portrait.training;

import dev.likeness.diffusion.error.InvalidInputException;
import dev.likeness.diffusion.internal.file.Safetensors;
import dev.likeness.diffusion.internal.file.SafetensorsWriter;
import dev.likeness.diffusion.internal.io.AtomicFile;
import dev.likeness.diffusion.internal.model.ModelExtras;
import dev.likeness.diffusion.internal.tensor.TensorScope;
import dev.likeness.portrait.PortraitModel;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch.ScalarType;

/**
 * Writes the folder that this library and diffusers open: slow averages of the trained weights, in
 * bf16.
 */
final class PortraitFolder {
  private PortraitFolder() {}

  /**
   * Writes everything but the tokenizer's files, which stand there already.
   *
   * @param made what the weights' metadata say of how they were made
   */
  static void write(
      Path folder,
      Path autoencoder,
      Path diffusion,
      double scale,
      int vocabulary,
      Map<String, String> made) {
    Map<String, Object> index = new LinkedHashMap<>();
    index.put("_class_name", "StableDiffusionPipeline");
    index.put("_diffusers_version", "0.42.1");
    index.put("feature_extractor", java.util.Arrays.asList(null, null));
    index.put("image_encoder", java.util.Arrays.asList(null, null));
    index.put("requires_safety_checker", false);
    index.put("safety_checker", java.util.Arrays.asList(null, null));
    index.put("scheduler", List.of("diffusers", "TCDScheduler"));
    index.put("text_encoder", List.of("transformers", "CLIPTextModel"));
    index.put("tokenizer", List.of("transformers", "CLIPTokenizer"));
    index.put("unet", List.of("diffusers", "UNet2DConditionModel"));
    index.put("vae", List.of("diffusers", "AutoencoderKL"));
    TrimmedTokenizer.json(folder.resolve("model_index.json"), index);
    TrimmedTokenizer.json(
        folder.resolve("scheduler/scheduler_config.json"), Architecture.scheduler());
    TrimmedTokenizer.json(folder.resolve("unet/config.json"), Architecture.unet());
    TrimmedTokenizer.json(folder.resolve("vae/config.json"), Architecture.autoencoder(scale));
    TrimmedTokenizer.json(
        folder.resolve("text_encoder/config.json"), Architecture.text(vocabulary));
    weights(
        diffusion, "ema.unet.", folder.resolve("unet/diffusion_pytorch_model.safetensors"), made);
    weights(diffusion, "ema.text_encoder.", folder.resolve("text_encoder/model.safetensors"), made);
    weights(
        autoencoder,
        "",
        folder.resolve("vae/diffusion_pytorch_model.safetensors"),
        origin(autoencoder, made));
    declare(folder);
  }

  /** Says in {@code folder} that its model is used as the released one is. */
  static void declare(Path folder) {
    AtomicFile.write(
        folder.resolve(ModelExtras.FILE),
        out -> Files.copy(PortraitModel.files().resolve(ModelExtras.FILE), out));
  }

  /** How {@code file}, which may have been another model's, came to be. */
  private static Map<String, String> origin(Path file, Map<String, String> made) {
    try (Safetensors own = Safetensors.open(file)) {
      return own.metadata().containsKey("commit") ? own.metadata() : made;
    }
  }

  /** Copies the files of a part as they are. */
  static void copy(Path from, Path to) {
    try (Stream<Path> files = Files.list(from)) {
      files.forEach(file -> AtomicFile.write(
          to.resolve(file.getFileName().toString()), out -> Files.copy(file, out)));
    } catch (IOException e) {
      throw new InvalidInputException(from + " cannot be copied: " + e.getMessage(), e);
    }
  }

  /** Writes the tensors of {@code state} whose names begin so, without that beginning, in bf16. */
  static void weights(Path state, String prefix, Path file, Map<String, String> made) {
    try (TensorScope scope = TensorScope.open();
        Safetensors saved = Safetensors.open(state)) {
      Map<String, Tensor> tensors = new LinkedHashMap<>();
      saved.names().stream()
          .filter(name -> name.startsWith(prefix))
          .forEach(name -> tensors.put(
              name.substring(prefix.length()), saved.read(name).to(ScalarType.BFloat16)));
      Map<String, String> metadata = new LinkedHashMap<>(made);
      metadata.put("format", "pt");
      SafetensorsWriter.write(file, tensors, metadata);
    }
  }
}
