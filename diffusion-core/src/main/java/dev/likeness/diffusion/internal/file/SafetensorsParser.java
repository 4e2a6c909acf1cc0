package dev.likeness.diffusion.internal.file;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonLocation;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.StreamReadConstraints;
import dev.likeness.diffusion.error.InvalidInputException;
import dev.likeness.diffusion.tensor.DType;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * A strict parser of the JSON object in a safetensors header. {@link HeaderLayout} checks the
 * offsets.
 */
final class SafetensorsParser {
  /** The limits of this parser are checked here; the header's length bounds those of Jackson. */
  private static final JsonFactory JSON = JsonFactory.builder()
      .streamReadConstraints(StreamReadConstraints.builder()
          .maxNameLength((int) SafetensorsHeader.FORMAT_CAP)
          .maxStringLength((int) SafetensorsHeader.FORMAT_CAP)
          .build())
      .build();
  /** The longest name of a tensor or metadata entry. Published names stay below 200 characters. */
  private static final int LONGEST_NAME = 1024;

  private final String source;
  private final Map<String, SafetensorsHeader.Entry> tensors = new LinkedHashMap<>();
  private final Map<String, String> metadata = new LinkedHashMap<>();
  private boolean metadataSeen;

  private SafetensorsParser(String source) {
    this.source = source;
  }

  /**
   * Parses the text of a header.
   *
   * @throws InvalidInputException if it is no header of a safetensors file
   */
  static SafetensorsParser parse(String source, String text) {
    SafetensorsParser parser = new SafetensorsParser(source);
    try (JsonParser json = JSON.createParser(text)) {
      try {
        parser.readObject(json);
      } catch (JsonProcessingException e) {
        // A limit of the parser comes without a location.
        JsonLocation where = e.getLocation() == null ? json.currentLocation() : e.getLocation();
        throw new InvalidInputException(
            source + ": the header is not JSON at character " + where.getCharOffset() + ": "
                + Quoted.problem(e) + "; " + SafetensorsHeader.SAVE_AGAIN_ADVICE,
            e);
      }
    } catch (IOException e) {
      throw new InvalidInputException(
          source + ": the header cannot be read: " + Quoted.reason(e), e);
    }
    return parser;
  }

  Map<String, SafetensorsHeader.Entry> tensors() {
    return tensors;
  }

  Map<String, String> metadata() {
    return metadata;
  }

  private void readObject(JsonParser json) throws IOException {
    if (json.nextToken() != JsonToken.START_OBJECT) {
      throw broken("the header is not a JSON object");
    }
    while (json.nextToken() == JsonToken.FIELD_NAME) {
      String name = json.currentName();
      requireShort(name);
      json.nextToken();
      if (name.equals("__metadata__")) {
        readMetadata(json);
      } else if (tensors.put(name, readEntry(json, name)) != null) {
        throw broken("the header names tensor " + Quoted.of(name) + " twice");
      }
    }
    if (json.nextToken() != null) {
      throw broken("the header goes on after its JSON object");
    }
  }

  private void readMetadata(JsonParser json) throws IOException {
    expect(
        json.currentToken() == JsonToken.START_OBJECT && !metadataSeen,
        "__metadata__",
        "be one JSON object");
    metadataSeen = true;
    while (json.nextToken() == JsonToken.FIELD_NAME) {
      String key = json.currentName();
      requireShort(key);
      expect(
          json.nextToken() == JsonToken.VALUE_STRING,
          "__metadata__ " + Quoted.of(key),
          "be a string");
      expect(
          metadata.put(key, json.getText()) == null,
          "__metadata__ " + Quoted.of(key),
          "have one value");
    }
  }

  private void requireShort(String name) {
    if (name.length() > LONGEST_NAME) {
      throw broken("the header has a name of " + name.length() + " characters, "
          + Quoted.of(name.substring(0, 40)) + " …; expected at most " + LONGEST_NAME);
    }
  }

  private SafetensorsHeader.Entry readEntry(JsonParser json, String name) throws IOException {
    String place = "tensor " + Quoted.of(name);
    boolean whole = name.codePoints().noneMatch(c -> Character.getType(c) == Character.SURROGATE);
    expect(whole, place, "have a name of valid Unicode");
    expect(json.currentToken() == JsonToken.START_OBJECT, place, "be a JSON object");
    DType dtype = null;
    List<Long> shape = null;
    List<Long> offsets = null;
    while (json.nextToken() == JsonToken.FIELD_NAME) {
      String field = json.currentName();
      json.nextToken();
      switch (field) {
        case "dtype" -> {
          expect(dtype == null, place, "have one dtype");
          dtype = readDType(json, place);
        }
        case "shape" -> {
          expect(shape == null, place, "have one shape");
          shape = readNumbers(json, place + " shape");
        }
        case "data_offsets" -> {
          expect(offsets == null, place, "have one data_offsets");
          offsets = readNumbers(json, place + " data_offsets");
        }
        default -> json.skipChildren();
      }
    }
    expect(
        dtype != null && shape != null && offsets != null,
        place,
        "have dtype, shape and data_offsets");
    expect(offsets.size() == 2, place + " data_offsets", "be two numbers");
    return new SafetensorsHeader.Entry(dtype, shape, offsets.get(0), offsets.get(1));
  }

  private DType readDType(JsonParser json, String place) throws IOException {
    expect(json.currentToken() == JsonToken.VALUE_STRING, place + " dtype", "be a string");
    String name = json.getText();
    return DType.find(name)
        .orElseThrow(() -> new InvalidInputException(source + ": " + place + " has unknown dtype "
            + Quoted.of(name) + "; known: " + DType.names()));
  }

  private List<Long> readNumbers(JsonParser json, String place) throws IOException {
    expect(json.currentToken() == JsonToken.START_ARRAY, place, "be a list of whole numbers");
    List<Long> numbers = new ArrayList<>();
    while (json.nextToken() != JsonToken.END_ARRAY) {
      boolean whole = json.currentToken() == JsonToken.VALUE_NUMBER_INT
          && json.getNumberType() != JsonParser.NumberType.BIG_INTEGER
          && json.getLongValue() >= 0;
      expect(whole, place, "be whole numbers from 0 to " + Long.MAX_VALUE);
      numbers.add(json.getLongValue());
    }
    return numbers;
  }

  private void expect(boolean holds, String place, String expected) {
    if (!holds) {
      throw broken(place + " must " + expected);
    }
  }

  private InvalidInputException broken(String what) {
    return new InvalidInputException(
        source + ": " + what + "; " + SafetensorsHeader.SAVE_AGAIN_ADVICE);
  }

  /**
   * Checks that the tensors of a safetensors header fill its data exactly: in order, without gap,
   * overlap or remainder.
   */
  static final class HeaderLayout {
    /** The limit of libtorch. */
    private static final int MAX_DIMENSIONS = 64;

    private HeaderLayout() {}

    /** Checks every tensor and its neighbours; {@code length} bytes follow the header. */
    static void check(String source, Map<String, SafetensorsHeader.Entry> tensors, long length) {
      tensors.forEach((name, entry) -> checkSize(source, name, entry));
      List<Map.Entry<String, SafetensorsHeader.Entry>> byOffset = tensors.entrySet().stream()
          .sorted(
              Map.Entry.comparingByValue(Comparator.comparingLong(SafetensorsHeader.Entry::begin)
                  .thenComparingLong(SafetensorsHeader.Entry::end)))
          .toList();
      long at = 0;
      for (Map.Entry<String, SafetensorsHeader.Entry> next : byOffset) {
        if (next.getValue().begin() != at) {
          throw broken(
              source,
              next.getKey(),
              next.getValue(),
              "must begin at byte " + at + ", where the tensor before it ends");
        }
        at = next.getValue().end();
      }
      if (at != length) {
        throw new InvalidInputException(
            source + ": the tensors take " + at + " bytes, but the file has " + length
                + " after the header; the file is cut short or has additional data: download it"
                + " again");
      }
    }

    private static void checkSize(String source, String name, SafetensorsHeader.Entry entry) {
      if (entry.shape().size() > MAX_DIMENSIONS) {
        throw broken(source, name, entry, "must have at most " + MAX_DIMENSIONS + " dimensions");
      }
      long bits;
      try {
        bits = bits(entry);
      } catch (ArithmeticException e) {
        throw broken(source, name, entry, "has a shape that is too large for any memory");
      }
      if (bits % Byte.SIZE != 0) {
        throw broken(source, name, entry, "must take whole bytes, not " + bits + " bits");
      }
      if (entry.end() < entry.begin() || entry.bytes() != bits / Byte.SIZE) {
        throw broken(source, name, entry, "needs " + bits / Byte.SIZE + " bytes");
      }
    }

    // A size of zero must not hide an overflow, because libtorch multiplies strides without it.
    private static long bits(SafetensorsHeader.Entry entry) {
      long strides = entry.dtype().bits();
      for (long size : entry.shape()) {
        strides = Math.multiplyExact(strides, Math.max(size, 1));
      }
      return entry.shape().contains(0L) ? 0 : strides;
    }

    private static InvalidInputException broken(
        String source, String name, SafetensorsHeader.Entry entry, String expected) {
      String shape = entry.shape().size() > 8
          ? entry.shape().size() + " dimensions"
          : entry.shape().toString();
      return new InvalidInputException(
          source + ": tensor " + Quoted.of(name) + " (" + entry.dtype() + " "
              + shape + ", bytes " + entry.begin() + " to " + entry.end() + ") " + expected + "; "
              + SafetensorsHeader.SAVE_AGAIN_ADVICE);
    }
  }
}
