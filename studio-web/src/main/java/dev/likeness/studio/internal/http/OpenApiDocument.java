package dev.likeness.studio.internal.http;

import dev.likeness.headshots.report.LikenessVersion;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** The OpenAPI 3.1 document of a table of routes. */
final class OpenApiDocument {
  private OpenApiDocument() {}

  static Map<String, Object> of(List<Route> routes) {
    Map<String, Object> paths = new LinkedHashMap<>();
    for (Route route : routes) {
      @SuppressWarnings("unchecked")
      Map<String, Object> operations = (Map<String, Object>)
          paths.computeIfAbsent(route.path(), path -> new LinkedHashMap<String, Object>());
      operations.put(route.method().toLowerCase(java.util.Locale.ROOT), operation(route));
    }
    Map<String, Object> document = new LinkedHashMap<>();
    document.put("openapi", "3.1.0");
    document.put(
        "info",
        Map.of(
            "title", "Likeness studio",
            "version", LikenessVersion.current(),
            "description", "From selfies to headshots on this machine."));
    document.put("security", List.of(Map.of("cookie", List.of()), Map.of("token", List.of())));
    document.put("paths", paths);
    document.put(
        "components",
        Map.of(
            "securitySchemes",
            Map.of(
                "cookie", Map.of("type", "apiKey", "in", "cookie", "name", Gate.COOKIE),
                "token", Map.of("type", "http", "scheme", "bearer")),
            "schemas",
            Map.of(
                "Error",
                Map.of(
                    "type", "object",
                    "required", List.of("error"),
                    "properties", Map.of("error", Map.of("type", "string"))))));
    return document;
  }

  private static Map<String, Object> operation(Route route) {
    Map<String, Object> operation = new LinkedHashMap<>();
    operation.put("operationId", route.id());
    operation.put("summary", route.summary());
    List<Object> parameters = new ArrayList<>();
    for (String name : route.variables()) {
      parameters.add(Map.of(
          "name",
          name,
          "in",
          "path",
          "required",
          true,
          "schema",
          Map.of("type", "string", "pattern", "^" + Route.VARIABLES.get(name) + "$")));
    }
    route
        .query()
        .forEach((name, sentence) -> parameters.add(Map.of(
            "name",
            name,
            "in",
            "query",
            "description",
            sentence,
            "schema",
            Map.of("type", "string"))));
    if (!parameters.isEmpty()) {
      operation.put("parameters", parameters);
    }
    if (!route.body().type().isEmpty()) {
      operation.put(
          "requestBody",
          Map.of("required", true, "content", Map.of(route.body().type(), content(route.body()))));
    }
    Map<String, Object> answers = new LinkedHashMap<>();
    answers.put(
        Integer.toString(route.answer().status()),
        Map.of(
            "description",
            "Done.",
            "content",
            Map.of(route.answer().type(), Map.of("schema", schema(route.answer().type())))));
    answers.put(
        "default",
        Map.of(
            "description",
            "Refused; the field error says why and what to do.",
            "content",
            Map.of(
                Exchange.JSON_TYPE,
                Map.of("schema", Map.of("$ref", "#/components/schemas/Error")))));
    operation.put("responses", answers);
    return operation;
  }

  private static Map<String, Object> schema(String type) {
    return switch (type) {
      case Exchange.JSON_TYPE -> Map.of("type", "object");
      case "text/html", "text/event-stream" -> Map.of("type", "string");
      default -> Map.of();
    };
  }

  private static Map<String, Object> content(Route.Body body) {
    if (body.fields().isEmpty()) {
      return Map.of("schema", Map.of());
    }
    Map<String, Object> properties = new LinkedHashMap<>();
    for (Route.Field field : body.fields()) {
      Map<String, Object> property = new LinkedHashMap<>();
      property.put("type", field.type());
      if (field.type().equals("array")) {
        property.put("items", Map.of("type", "string"));
      }
      property.put("description", field.summary());
      properties.put(field.name(), property);
    }
    return Map.of(
        "schema",
        Map.of(
            "type",
            "object",
            "properties",
            properties,
            "required",
            body.fields().stream()
                .filter(Route.Field::isRequired)
                .map(Route.Field::name)
                .toList()));
  }
}
