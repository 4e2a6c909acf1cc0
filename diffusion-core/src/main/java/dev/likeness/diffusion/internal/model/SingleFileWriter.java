package dev.likeness.diffusion.internal.model;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.json.JsonWriteFeature;
import com.fasterxml.jackson.jr.ob.JSON;
import dev.likeness.diffusion.error.InvalidInputException;
import dev.likeness.diffusion.internal.family.ModelFormat;
import dev.likeness.diffusion.internal.family.ModelParts;
import dev.likeness.diffusion.internal.file.ForeignSource;
import dev.likeness.diffusion.internal.file.RenamedSource;
import dev.likeness.diffusion.internal.file.Safetensors;
import dev.likeness.diffusion.internal.file.SafetensorsWriter;
import dev.likeness.diffusion.internal.file.TensorSource;
import dev.likeness.diffusion.internal.text.TokenizerFiles;
import dev.likeness.diffusion.tensor.DType;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Writes a model as one safetensors file, as Stability's code and the programs of the field name
 * its tensors. The header carries the configuration too, and a tokenizer that is not CLIP's own, so
 * that nothing is lost on the way back.
 */
public final class SingleFileWriter {
  private final ModelParts files;
  private final DType type;
  private final ModelFormat.SingleFile format;

  private SingleFileWriter(ModelParts files, DType type, ModelFormat.SingleFile format) {
    this.files = files;
    this.type = type;
    this.format = format;
  }

  /**
   * Writes {@code files} to {@code out}, floating-point tensors in {@code type} or, when that is
   * null, as they are.
   *
   * @throws InvalidInputException when the model has no UNet, or a part has no name in such a file
   */
  public static void write(ModelParts files, Path out, DType type) {
    ModelFormat.SingleFile format = FamilyRegistry.of(files)
        .format(files)
        .singleFile()
        .orElseThrow(() -> new InvalidInputException(files.describe()
            + " has no UNet, and single files are written of such models only; keep the folder"));
    new SingleFileWriter(files, type, format).write(out);
  }

  private void write(Path out) {
    Map<String, String> metadata = new LinkedHashMap<>(Map.of("format", "pt"));
    List<TensorSource> sources = new ArrayList<>();
    try {
      for (String component : files.componentNames()) {
        metadata.put(SingleFile.CONFIG + component, json(files.config(component).values()));
        sources.add(TensorSource.Cast.of(
            new ForeignSource(files.weights(component), format.layout(component)), type));
        addTokenizer(metadata, component);
      }
      metadata.put(SingleFile.CONFIG + "scheduler", json(files.scheduler().values()));
      metadata.put(
          SingleFile.CONFIG + "model_index",
          json(Map.of(
              "force_zeros_for_empty_prompt", files.option("force_zeros_for_empty_prompt"),
              "requires_aesthetics_score", files.option("requires_aesthetics_score"))));
      UnusedTensors.addTo(files, sources, metadata);
      SafetensorsWriter.write(out, new TensorSource.CombinedSource(sources), metadata);
    } finally {
      sources.forEach(TensorSource::close);
    }
  }

  private void addTokenizer(Map<String, String> metadata, String component) {
    if (!component.startsWith("text_encoder")) {
      return;
    }
    String tokenizer = component.replace("text_encoder", "tokenizer");
    TokenizerFiles own = files.tokenizerFiles(tokenizer);
    if (!own.sameIds(TokenizerFiles.clip(format.padding(component)))) {
      own.texts()
          .forEach(
              (name, text) -> metadata.put(SingleFile.TOKENIZER + tokenizer + "." + name, text));
    }
  }

  /** The JSON text of a config, with Python's infinities. */
  static String json(Map<String, Object> values) {
    try {
      return JSON.builder(JsonFactory.builder()
              .disable(JsonWriteFeature.WRITE_NAN_AS_STRINGS)
              .build())
          .enable(JSON.Feature.WRITE_NULL_PROPERTIES, JSON.Feature.PRETTY_PRINT_OUTPUT)
          .build()
          .asString(values);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /**
   * What a single file holds beside its networks (a layer that is never run, buffers of the noise
   * schedule), kept in a folder made of it, so that the way back gives the same file. Averaged
   * copies of the weights are not kept.
   */
  public static final class UnusedTensors {
    private static final String FILE = "leftovers.safetensors";
    static final String AVERAGED = "model_ema.";

    private UnusedTensors() {}

    /** Keeps in {@code folder} what no component of {@code file} claims. */
    public static void keep(SingleFile file, Path source, Path folder) {
      try (TensorSource rest = new RenamedSource(
          TensorFileFormat.open(source),
          name -> name.startsWith(AVERAGED) || file.isUsed(name) ? null : name)) {
        Map<String, String> metadata = TensorFileFormat.metadata(file.keys());
        if (!rest.layerRoles().isEmpty() || !metadata.isEmpty()) {
          SafetensorsWriter.write(folder.resolve(FILE), rest, metadata);
        }
      }
    }

    /** Adds what was kept beside a model, if anything was. */
    static void addTo(ModelParts files, List<TensorSource> sources, Map<String, String> metadata) {
      if (files instanceof ModelFolder folder && Files.exists(folder.root().resolve(FILE))) {
        Safetensors rest = Safetensors.open(folder.root().resolve(FILE));
        sources.add(rest);
        rest.metadata().forEach(metadata::putIfAbsent);
      }
    }
  }
}
