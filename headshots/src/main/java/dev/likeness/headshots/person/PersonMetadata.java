package dev.likeness.headshots.person;

import com.fasterxml.jackson.jr.ob.JSON;
import dev.likeness.diffusion.Consent;
import dev.likeness.diffusion.error.InvalidInputException;
import dev.likeness.diffusion.image.RgbImage;
import dev.likeness.diffusion.internal.file.FaceMetadata;
import dev.likeness.diffusion.internal.file.Safetensors;
import dev.likeness.diffusion.internal.file.SafetensorsWriter;
import dev.likeness.diffusion.internal.tensor.TensorScope;
import dev.likeness.diffusion.tensor.DType;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import java.util.stream.IntStream;
import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptions;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;

/**
 * Reads and writes the metadata of a person's file. No other class does. It also reads the keys of
 * earlier versions.
 */
final class PersonMetadata {
  private static final String PROFILE = "likeness.profile";
  private static final String LIGHT = "likeness.shared_light";
  private static final String TRAITS = "likeness.measures";
  // Keys in files of references. Files of LoRAs get the same keys from identity-lora.
  private static final String BASE = "likeness.base";
  private static final String CLASS_WORD = "likeness.class_word";
  private static final String CONSENT = "likeness.consent";
  private static final String ADAPTER = "likeness.adapter";
  // The key in files of earlier versions.
  private static final String FORMER_ADAPTER = "likeness.recipe";

  /** Key of a trait; earlier versions wrote {@code slot}. */
  static final String ATTRIBUTE = "attribute";

  private PersonMetadata() {}

  /** The metadata of a file of references. */
  record OfReferences(
      String base,
      String classWord,
      Optional<Consent> consent,
      String adapterName,
      PersonRecord record) {
    /** Reads the metadata of a file; empty if it has no entry about consent. */
    static Optional<OfReferences> read(Map<String, String> metadata, Path file) {
      return Optional.ofNullable(metadata.get(CONSENT))
          .map(consent -> new OfReferences(
              metadata.getOrDefault(BASE, ""),
              metadata.getOrDefault(CLASS_WORD, "person"),
              consent.isBlank() ? Optional.empty() : Optional.of(Consent.parse(consent)),
              metadata.getOrDefault(ADAPTER, metadata.getOrDefault(FORMER_ADAPTER, "")),
              PersonMetadata.read(metadata, file.toString())));
    }

    Map<String, String> write() {
      Map<String, String> metadata = PersonMetadata.write(record);
      if (!base.isEmpty()) {
        metadata.put(BASE, base);
      }
      metadata.put(CLASS_WORD, classWord);
      metadata.put(CONSENT, consent.map(Consent::toJson).orElse(""));
      metadata.put(ADAPTER, adapterName);
      return metadata;
    }
  }

  /** The content of a file of reference images. */
  record OfImages(List<RgbImage> images, OfReferences metadata) {
    /** The entry that distinguishes such a file. */
    static final String NO_ADAPTER = "reference images for a base that edits";

    private static final String IMAGE = "image.";

    static OfImages open(Path file) {
      try (Safetensors saved = Safetensors.open(file)) {
        OfReferences metadata = OfReferences.read(saved.metadata(), file)
            .filter(
                kept -> kept.adapterName().equals(NO_ADAPTER) && !saved.names().isEmpty())
            .orElseThrow(() -> new InvalidInputException(file
                + " has no reference images of a person; give a file that headshot --identity"
                + " references wrote, or give the photos again"));
        return new OfImages(
            IntStream.rangeClosed(1, saved.names().size())
                .mapToObj(number -> read(saved, IMAGE + number, file))
                .toList(),
            metadata);
      }
    }

    private static RgbImage read(Safetensors saved, String name, Path file) {
      boolean exists = saved.names().contains(name);
      long[] shape = exists ? saved.shape(name) : new long[0];
      if (shape.length != 3
          || shape[0] < 1
          || shape[1] < 1
          || shape[2] != 3
          || saved.dtype(name) != DType.U8) {
        throw new InvalidInputException(file + ": the tensor \"" + name + "\""
            + (exists
                ? " has shape " + Arrays.toString(shape) + " and type " + saved.dtype(name)
                : " is missing")
            + ", expected shape [height, width, 3] and type U8; give the photos again");
      }
      try (TensorScope scope = TensorScope.open()) {
        Tensor bytes = saved.read(name).contiguous();
        byte[] rgb = new byte[Math.toIntExact(bytes.numel())];
        new BytePointer(bytes.data_ptr()).get(rgb);
        return RgbImage.of((int) shape[1], (int) shape[0], rgb);
      }
    }

    void save(Path file) {
      try (TensorScope scope = TensorScope.open()) {
        Map<String, Tensor> tensors = new LinkedHashMap<>();
        for (RgbImage image : images) {
          tensors.put(
              IMAGE + (tensors.size() + 1),
              torch
                  .tensor(image.rgb(), new TensorOptions(ScalarType.Byte))
                  .view(image.height(), image.width(), 3));
        }
        SafetensorsWriter.writePrivate(file, tensors, metadata.write());
      }
    }
  }

  /**
   * Reads the record of a person. Files of other programs give an empty record.
   *
   * @param source the name of the file in errors
   * @throws InvalidInputException if an entry is not in its format
   */
  static PersonRecord read(Map<String, String> metadata, String source) {
    return new PersonRecord(
        parse(metadata, PROFILE, "a profile", source, PersonMetadata::profile)
            .orElse(PersonProfile.UNKNOWN),
        parse(metadata, TRAITS, "face traits", source, PersonMetadata::traits).orElse(List.of()),
        new PersonRecord.SharedLight(metadata.getOrDefault(LIGHT, "")),
        FaceMetadata.read(metadata, FaceMetadata.GUIDANCE_FACES, source, FaceEmbeddings::new),
        FaceMetadata.read(metadata, FaceMetadata.FACES, source, FaceEmbeddings::new));
  }

  private static String json(FaceEmbeddings faces) {
    return FaceMetadata.toJson(faces.embedder(), faces.vectors());
  }

  /** Writes the metadata that {@link #read} reads. Unknown parts have no entry. */
  static Map<String, String> write(PersonRecord record) {
    Map<String, String> metadata = new LinkedHashMap<>();
    metadata.put(PROFILE, json(record.profile().asList()));
    if (!record.light().words().isEmpty()) {
      metadata.put(LIGHT, record.light().words());
    }
    if (!record.traits().isEmpty()) {
      metadata.put(
          TRAITS, json(record.traits().stream().map(PersonMetadata::numbers).toList()));
    }
    record
        .guidanceFaces()
        .ifPresent(faces -> metadata.put(FaceMetadata.GUIDANCE_FACES, json(faces)));
    record.faces().ifPresent(faces -> metadata.put(FaceMetadata.FACES, json(faces)));
    return metadata;
  }

  private interface Reader<T> {
    T read(String json) throws IOException;
  }

  private static <T> Optional<T> parse(
      Map<String, String> metadata, String key, String what, String source, Reader<T> reader) {
    String json = metadata.getOrDefault(key, "");
    try {
      return json.isEmpty() ? Optional.empty() : Optional.of(reader.read(json));
    } catch (IOException | RuntimeException e) {
      throw new InvalidInputException(
          source + " has " + what + " (" + key
              + ") that cannot be read; train or encode the person again",
          e);
    }
  }

  private static String json(Object value) {
    try {
      return JSON.std.asString(value);
    } catch (IOException e) {
      throw new IllegalStateException("cannot encode JSON in memory", e);
    }
  }

  private static PersonProfile profile(String json) throws IOException {
    return new PersonProfile(list(json, entry -> trait((Map<?, ?>) entry)));
  }

  private static PersonProfile.Trait trait(Map<?, ?> entry) {
    String source = (String) entry.get("source");
    return new PersonProfile.Trait(
        (String) entry.get(entry.containsKey(ATTRIBUTE) ? ATTRIBUTE : "slot"),
        (String) entry.get("value"),
        ((Number) entry.get("confidence")).doubleValue(),
        Arrays.stream(PersonProfile.Trait.Source.values())
            .filter(each -> each.label().equals(source))
            .findFirst()
            .orElseThrow(() -> new IllegalArgumentException("unknown source " + source)));
  }

  private static List<FaceTraits> traits(String json) throws IOException {
    return list(json, entry -> {
      List<?> numbers = (List<?>) entry;
      return new FaceTraits(number(numbers.get(0)), number(numbers.get(1)), number(numbers.get(2)));
    });
  }

  /** The three numbers; null for a number that was not measured. */
  private static List<Double> numbers(FaceTraits traits) {
    return Arrays.asList(
        Double.isNaN(traits.tone()) ? null : traits.tone(),
        traits.texture(),
        Double.isNaN(traits.faceWidth()) ? null : traits.faceWidth());
  }

  private static double number(Object number) {
    double value = number == null ? Double.NaN : ((Number) number).doubleValue();
    if (Double.isInfinite(value)) {
      throw new IllegalArgumentException("an infinite number");
    }
    return value;
  }

  private static <T> List<T> list(String json, Function<Object, T> entry) throws IOException {
    return JSON.std.listFrom(json).stream().map(entry).toList();
  }
}
