package dev.likeness.diffusion.internal.model;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.json.JsonWriteFeature;
import com.fasterxml.jackson.jr.ob.JSON;
import dev.likeness.diffusion.error.InvalidInputException;
import dev.likeness.diffusion.internal.family.ModelComponents;
import dev.likeness.diffusion.internal.family.ModelFormat;
import dev.likeness.diffusion.internal.file.CanonicalTensors;
import dev.likeness.diffusion.internal.file.ModelFile;
import dev.likeness.diffusion.internal.file.RenamedSource;
import dev.likeness.diffusion.internal.file.Safetensors;
import dev.likeness.diffusion.internal.file.TensorSource;
import dev.likeness.diffusion.internal.tensor.TensorScope;
import dev.likeness.diffusion.internal.text.TokenizerFiles;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;

/**
 * Writes a model as one safetensors file with the key names of Stability AI's code. The header also
 * has the configuration, and a tokenizer other than CLIP's, so that the conversion can be reversed.
 */
public final class SingleFileWriter {
  private final ModelComponents files;
  private final TensorOutput output;
  private final ModelFormat.SingleFile format;

  private SingleFileWriter(
      ModelComponents files, TensorOutput output, ModelFormat.SingleFile format) {
    this.files = files;
    this.output = output;
    this.format = format;
  }

  /**
   * Writes {@code files} to {@code out}, the tensors as {@code output} says.
   *
   * @throws InvalidInputException if the model has no UNet, or a component has no key names in such
   *     a file
   */
  public static void write(ModelComponents files, Path out, TensorOutput output) {
    ModelFormat.SingleFile format = FamilyRegistry.of(files)
        .format(files)
        .singleFile()
        .orElseThrow(() -> new InvalidInputException(files.describe()
            + " has no UNet, and only models with a UNet can be written to a single file; keep the"
            + " folder"));
    new SingleFileWriter(files, output, format).write(out);
  }

  private void write(Path out) {
    Map<String, String> metadata = new LinkedHashMap<>(Map.of("format", "pt"));
    List<TensorSource> sources = new ArrayList<>();
    try (TensorScope scope = TensorScope.open()) {
      for (String component : files.componentNames()) {
        metadata.put(SingleFile.CONFIG + component, json(files.config(component).values()));
        sources.add(new CanonicalTensors.ForeignSource(
            output.cast(files.weights(component)), format.layout(component)));
        addTokenizer(metadata, component);
      }
      metadata.put(SingleFile.CONFIG + "scheduler", json(files.scheduler().values()));
      metadata.put(
          SingleFile.CONFIG + "model_index",
          json(Map.of(
              "force_zeros_for_empty_prompt", files.option("force_zeros_for_empty_prompt"),
              "requires_aesthetics_score", files.option("requires_aesthetics_score"))));
      UnusedTensors.addTo(files, format, sources, metadata);
      Map<String, Tensor> marks = new LinkedHashMap<>();
      format.marks().forEach((name, numbers) -> marks.put(name, torch.tensor(numbers)));
      sources.add(new TensorSource.MemoryTensors(marks));
      format.describe(metadata);
      output.write(out, new TensorSource.CombinedSource(sources), metadata);
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
    if (!own.sameIdsAsClip(format.padding(component))) {
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
      throw new IllegalStateException("cannot encode JSON in memory", e);
    }
  }

  /**
   * The unused tensors of a single file (unused layers, buffers of the noise schedule). The
   * converted folder keeps them, so that converting back gives the same file. EMA copies of the
   * weights are not kept.
   */
  public static final class UnusedTensors {
    private static final String FILE = "leftovers.safetensors";
    static final String AVERAGED = "model_ema.";

    private UnusedTensors() {}

    /** Writes the unused tensors of {@code file} to {@code folder}. */
    public static void keep(SingleFile file, Path source, Path folder, TensorOutput output) {
      try (TensorSource rest = RenamedSource.of(
          TensorFileFormat.open(source),
          name -> name.startsWith(AVERAGED) || file.isUsed(name) ? null : name)) {
        Map<String, String> metadata = file.metadata();
        if (!rest.names().isEmpty() || !metadata.isEmpty()) {
          output.write(folder.resolve(FILE), rest, metadata);
        }
      }
    }

    /** Adds a folder's unused tensors, if there are any, without marks that are no longer true. */
    static void addTo(
        ModelComponents files,
        ModelFormat.SingleFile format,
        List<TensorSource> sources,
        Map<String, String> metadata) {
      if (files instanceof ModelFolder folder && ModelFile.exists(folder.root().resolve(FILE))) {
        Safetensors rest = Safetensors.open(ModelFile.own(folder.root().resolve(FILE)));
        Set<String> marks = format.marks().keySet();
        sources.add(RenamedSource.of(
            rest, name -> format.isMark(name) && !marks.contains(name) ? null : name));
        rest.metadata().forEach(metadata::putIfAbsent);
      }
    }
  }
}
