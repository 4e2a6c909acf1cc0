package dev.likeness.diffusion.internal.model;

import dev.likeness.diffusion.error.InvalidInputException;
import dev.likeness.diffusion.internal.family.ModelComponents;
import dev.likeness.diffusion.internal.file.ModelFile;
import dev.likeness.diffusion.internal.file.TensorSource;
import dev.likeness.diffusion.internal.io.AtomicFile;
import dev.likeness.diffusion.internal.text.TokenizerFiles;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;

/**
 * Writes a model as a diffusers folder, {@code model_index.json} last: a folder that has it is
 * complete.
 */
public final class FolderWriter {
  /** The file that a complete folder has. */
  public static final String INDEX_FILE = "model_index.json";

  private FolderWriter() {}

  /**
   * Writes {@code files} below {@code out}, the tensors as {@code output} says. The declarations of
   * the folder ({@link ModelExtras}) are copied; other files of the folder are not.
   *
   * @throws InvalidInputException if the declarations are broken
   */
  public static void write(ModelComponents files, Path out, TensorOutput output) {
    Optional<Path> declared = ModelExtras.of(files.folder()).declaration();
    Map<String, TokenizerFiles> tokenizers = tokenizers(files);
    Map<String, Object> index = new LinkedHashMap<>();
    index.put("_class_name", files.pipeline());
    index.put("_diffusers_version", "0.21.0");
    for (String component : files.componentNames()) {
      boolean text = isTextEncoder(component);
      writeJson(
          out.resolve(component).resolve("config.json"), files.config(component).values());
      try (TensorSource weights = files.weights(component)) {
        Path file = out.resolve(component)
            .resolve(text ? "model.safetensors" : "diffusion_pytorch_model.safetensors");
        output.writeCast(file, weights, Map.of("format", "pt"));
      }
      index.put(
          component,
          Arrays.asList(text ? "transformers" : "diffusers", files.componentClass(component)));
      if (text) {
        String tokenizer = tokenizer(component);
        writeTokenizer(tokenizers.get(tokenizer), out.resolve(tokenizer));
        index.put(
            tokenizer,
            Arrays.asList(
                "transformers", tokenizerClass(files, tokenizer, files.componentClass(component))));
      }
    }
    writeJson(out.resolve("scheduler/scheduler_config.json"), files.scheduler().values());
    index.put(
        "scheduler",
        Arrays.asList("diffusers", files.scheduler().text("_class_name", "PNDMScheduler")));
    FamilyRegistry.of(files).format(files).index().forEach(index::putIfAbsent);
    declared.ifPresent(file -> copy(file, out));
    writeJson(out.resolve(INDEX_FILE), index);
  }

  // Opens all components before writing weights, because a single file may lack one.
  private static Map<String, TokenizerFiles> tokenizers(ModelComponents files) {
    return files.componentNames().stream()
        .filter(FolderWriter::isTextEncoder)
        .map(FolderWriter::tokenizer)
        .collect(Collectors.toMap(tokenizer -> tokenizer, files::tokenizerFiles));
  }

  private static boolean isTextEncoder(String component) {
    return component.startsWith("text_encoder");
  }

  private static String tokenizer(String encoder) {
    return encoder.replace("text_encoder", "tokenizer");
  }

  private static void writeTokenizer(TokenizerFiles tokenizer, Path folder) {
    tokenizer.texts().forEach((name, words) -> writeText(folder.resolve(name), words));
    tokenizer.pieces().ifPresent(pieces -> copy(pieces, folder));
  }

  private static void copy(Path file, Path folder) {
    byte[] content = ModelFile.read(file, ModelFile.LARGEST_TOKENIZER);
    AtomicFile.write(folder.resolve(file.getFileName()), out -> out.write(content));
  }

  // The model's own value; a single file has none.
  private static String tokenizerClass(ModelComponents files, String tokenizer, String encoder) {
    String own = files.componentClass(tokenizer);
    if (own != null) {
      return own;
    }
    return encoder.startsWith("T5")
        ? "T5TokenizerFast"
        : encoder.startsWith("Qwen") ? "Qwen2TokenizerFast" : "CLIPTokenizer";
  }

  private static void writeJson(Path file, Map<String, Object> values) {
    writeText(file, SingleFileWriter.json(values) + "\n");
  }

  private static void writeText(Path file, String text) {
    AtomicFile.write(file, out -> out.write(text.getBytes(StandardCharsets.UTF_8)));
  }
}
