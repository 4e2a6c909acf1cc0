package dev.likeness.provenance.c2pa;

import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.dataformat.cbor.CBORFactory;
import com.fasterxml.jackson.dataformat.cbor.CBORFactoryBuilder;
import com.fasterxml.jackson.dataformat.cbor.CBORGenerator;
import com.fasterxml.jackson.dataformat.cbor.CBORParser;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;

/**
 * Reads and writes CBOR (RFC 8949) as plain objects: maps, lists, strings, byte arrays, numbers,
 * booleans and null. Map keys are read as text; the number 33 becomes {@code "33"}. Written maps
 * and lists have definite lengths and keep their order.
 */
final class Cbor {
  private static final int MAX_DEPTH = 64;
  private static final int MAX_VALUES = 50_000;
  private static final int NULL = 0xf6;
  private static final CBORFactory FACTORY = new CBORFactoryBuilder(new CBORFactory())
      .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
      .streamReadConstraints(
          StreamReadConstraints.builder().maxNestingDepth(MAX_DEPTH).build())
      .build();

  /** A value with a tag before it. */
  record Tagged(int tag, Object value) {}

  private Cbor() {}

  /** Reads a map. */
  @SuppressWarnings("unchecked")
  static Map<String, Object> map(byte[] bytes) throws JumbfBox.MalformedManifest {
    if (read(bytes) instanceof Map<?, ?> map) {
      return (Map<String, Object>) map;
    }
    throw new JumbfBox.MalformedManifest("CBOR where a map was expected");
  }

  /** Reads any value, which must fill {@code bytes}; tags are ignored. */
  static Object read(byte[] bytes) throws JumbfBox.MalformedManifest {
    return read(bytes, -1);
  }

  /**
   * Reads a value that must fill {@code bytes}.
   *
   * @param tag the tag that must stand before it; below 0 for any tag or none
   */
  static Object read(byte[] bytes, int tag) throws JumbfBox.MalformedManifest {
    try (CBORParser parser = FACTORY.createParser(bytes)) {
      JsonToken first = parser.nextToken();
      if (tag >= 0 && parser.getCurrentTag() != tag) {
        throw new JumbfBox.MalformedManifest("CBOR without the tag " + tag);
      }
      Object value = new Reader(bytes, parser).value(first);
      if (parser.currentLocation().getByteOffset() != bytes.length) {
        throw new JumbfBox.MalformedManifest("CBOR that is followed by other bytes");
      }
      return value;
    } catch (JumbfBox.MalformedManifest e) {
      throw e;
    } catch (IOException | IllegalArgumentException e) {
      throw new JumbfBox.MalformedManifest("CBOR that cannot be read", e);
    }
  }

  /** A whole number of at most 64 bits. */
  static OptionalLong wholeNumber(Object value) {
    return value instanceof Integer || value instanceof Long
        ? OptionalLong.of(((Number) value).longValue())
        : OptionalLong.empty();
  }

  /** Reads one document, and counts its values. */
  private static final class Reader {
    private final byte[] bytes;
    private final CBORParser parser;
    private int count;

    Reader(byte[] bytes, CBORParser parser) {
      this.bytes = bytes;
      this.parser = parser;
    }

    Object value(JsonToken token) throws IOException {
      if (token == null) {
        throw new JumbfBox.MalformedManifest("CBOR that ends too early");
      }
      count++;
      if (count > MAX_VALUES) {
        throw new JumbfBox.MalformedManifest("CBOR of more than " + MAX_VALUES + " values");
      }
      return switch (token) {
        case START_OBJECT -> object();
        case START_ARRAY -> array();
        case VALUE_STRING -> parser.getText();
        case VALUE_EMBEDDED_OBJECT -> parser.getEmbeddedObject();
        case VALUE_NUMBER_INT, VALUE_NUMBER_FLOAT -> parser.getNumberValue();
        case VALUE_TRUE -> true;
        case VALUE_FALSE -> false;
        case VALUE_NULL -> nothing();
        default -> throw new JumbfBox.MalformedManifest("CBOR with a value of an unsupported kind");
      };
    }

    // The parser also makes null of "undefined", which is another value.
    private Object nothing() throws IOException {
      long end = parser.currentLocation().getByteOffset();
      if ((bytes[(int) end - 1] & 255) != NULL) {
        throw new JumbfBox.MalformedManifest("CBOR with an undefined value");
      }
      return null;
    }

    private Map<String, Object> object() throws IOException {
      Map<String, Object> map = new LinkedHashMap<>();
      while (parser.nextToken() == JsonToken.FIELD_NAME) {
        String name = parser.currentName();
        map.put(name, value(parser.nextToken()));
      }
      if (parser.currentToken() != JsonToken.END_OBJECT) {
        throw new JumbfBox.MalformedManifest("CBOR that ends too early");
      }
      return map;
    }

    private List<Object> array() throws IOException {
      List<Object> list = new ArrayList<>();
      for (JsonToken token = parser.nextToken();
          token != JsonToken.END_ARRAY;
          token = parser.nextToken()) {
        list.add(value(token));
      }
      return list;
    }
  }

  /** Encodes a value; keys of maps are strings or integers. */
  static byte[] write(Object value) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    try (CBORGenerator generator = FACTORY.createGenerator(out)) {
      write(value, generator);
    } catch (IOException e) {
      throw new IllegalStateException("cannot encode CBOR in memory", e);
    }
    return out.toByteArray();
  }

  private static void write(Object value, CBORGenerator out) throws IOException {
    if (value instanceof Tagged tagged) {
      out.writeTag(tagged.tag());
      write(tagged.value(), out);
    } else if (value instanceof Map<?, ?> map) {
      out.writeStartObject(map, map.size());
      for (Map.Entry<?, ?> entry : map.entrySet()) {
        if (entry.getKey() instanceof Integer number) {
          out.writeFieldId(number);
        } else {
          out.writeFieldName((String) entry.getKey());
        }
        write(entry.getValue(), out);
      }
      out.writeEndObject();
    } else if (value instanceof List<?> list) {
      out.writeStartArray(list, list.size());
      for (Object element : list) {
        write(element, out);
      }
      out.writeEndArray();
    } else {
      writeScalar(value, out);
    }
  }

  private static void writeScalar(Object value, CBORGenerator out) throws IOException {
    if (value == null) {
      out.writeNull();
    } else if (value instanceof byte[] bytes) {
      out.writeBinary(bytes);
    } else if (value instanceof Integer number) {
      out.writeNumber(number);
    } else if (value instanceof Long number) {
      out.writeNumber(number);
    } else if (value instanceof Boolean flag) {
      out.writeBoolean(flag);
    } else {
      out.writeString((String) value);
    }
  }
}
