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
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Reads and writes CBOR (RFC 8949) as plain objects: maps, lists, strings, byte arrays, numbers,
 * booleans and null. Map keys are read as text; the number 33 becomes {@code "33"}. Written maps
 * and lists have definite lengths and keep their order.
 */
final class Cbor {
  private static final int MAX_DEPTH = 64;
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

  /** Reads any value; tags are ignored. */
  static Object read(byte[] bytes) throws JumbfBox.MalformedManifest {
    try (CBORParser parser = FACTORY.createParser(bytes)) {
      return value(parser, parser.nextToken());
    } catch (JumbfBox.MalformedManifest e) {
      throw e;
    } catch (IOException | IllegalArgumentException e) {
      throw new JumbfBox.MalformedManifest("CBOR that cannot be read", e);
    }
  }

  private static Object value(CBORParser parser, JsonToken token) throws IOException {
    if (token == null) {
      throw new JumbfBox.MalformedManifest("CBOR that ends too early");
    }
    return switch (token) {
      case START_OBJECT -> object(parser);
      case START_ARRAY -> array(parser);
      case VALUE_STRING -> parser.getText();
      case VALUE_EMBEDDED_OBJECT -> parser.getEmbeddedObject();
      case VALUE_NUMBER_INT, VALUE_NUMBER_FLOAT -> parser.getNumberValue();
      case VALUE_TRUE -> true;
      case VALUE_FALSE -> false;
      default -> null;
    };
  }

  private static Map<String, Object> object(CBORParser parser) throws IOException {
    Map<String, Object> map = new LinkedHashMap<>();
    while (parser.nextToken() == JsonToken.FIELD_NAME) {
      String name = parser.currentName();
      map.put(name, value(parser, parser.nextToken()));
    }
    return map;
  }

  private static List<Object> array(CBORParser parser) throws IOException {
    List<Object> list = new ArrayList<>();
    for (JsonToken token = parser.nextToken();
        token != JsonToken.END_ARRAY;
        token = parser.nextToken()) {
      list.add(value(parser, token));
    }
    return list;
  }

  /** Encodes a value; keys of maps are strings or integers. */
  static byte[] write(Object value) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    try (CBORGenerator generator = FACTORY.createGenerator(out)) {
      write(value, generator);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
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
    } else {
      out.writeString((String) value);
    }
  }
}
