package dev.likeness.studio.internal.http;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** The fields of a request's body. A field of another type is answered with status 400. */
record JsonBody(Map<String, Object> fields) {
  /** Returns a text; empty if it is left out. */
  String text(String name) {
    return text(name, "");
  }

  String text(String name, String otherwise) {
    Object value = fields.get(name);
    if (value != null && !(value instanceof String)) {
      throw new HttpFailure(HttpFailure.BAD_REQUEST, "the field " + name + " is not a text");
    }
    return value == null ? otherwise : (String) value;
  }

  /** Returns true or false; false if it is left out. */
  boolean flag(String name) {
    Object value = fields.get(name);
    if (value != null && !(value instanceof Boolean)) {
      throw new HttpFailure(HttpFailure.BAD_REQUEST, "the field " + name + " is not true or false");
    }
    return Boolean.TRUE.equals(value);
  }

  double number(String name, double otherwise) {
    Object value = fields.get(name);
    if (value != null && !(value instanceof Number)) {
      throw new HttpFailure(HttpFailure.BAD_REQUEST, "the field " + name + " is not a number");
    }
    return value == null ? otherwise : ((Number) value).doubleValue();
  }

  /** Returns a list of texts; empty if it is left out. */
  List<String> texts(String name) {
    Object value = fields.get(name);
    if (value == null) {
      return List.of();
    }
    if (!(value instanceof List<?> list) || !list.stream().allMatch(String.class::isInstance)) {
      throw new HttpFailure(
          HttpFailure.BAD_REQUEST, "the field " + name + " is not a list of texts");
    }
    return list.stream().map(String.class::cast).toList();
  }

  /** Returns an object of numbers, in its order; empty if it is left out. */
  Map<String, Double> weights(String name) {
    Map<String, Double> weights = new LinkedHashMap<>();
    Object value = fields.getOrDefault(name, Map.of());
    if (!(value instanceof Map<?, ?> given)
        || !given.values().stream().allMatch(Number.class::isInstance)) {
      throw new HttpFailure(
          HttpFailure.BAD_REQUEST,
          "the field " + name + " is not an object with a number for each name");
    }
    given.forEach(
        (key, weight) -> weights.put(String.valueOf(key), ((Number) weight).doubleValue()));
    return weights;
  }
}
