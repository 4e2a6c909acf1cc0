package dev.likeness.diffusion.catalogue;

import com.fasterxml.jackson.jr.ob.JSON;
import java.io.IOException;
import java.io.InputStream;
import java.time.LocalDate;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/**
 * The models that the library knows by name. The catalogue grows with versions of the library; a
 * model that is not in it opens just as well.
 */
public final class ModelCatalogue {
  private static final String RESOURCE = "models.json";
  private static final int VERSION = 1;

  private final List<CatalogueModel> models;

  private ModelCatalogue(List<CatalogueModel> models) {
    this.models = List.copyOf(models);
  }

  /** {@return the catalogue of this version of the library} */
  public static ModelCatalogue builtIn() {
    return BuiltIn.CATALOGUE;
  }

  /** {@return all models, bases first} */
  public List<CatalogueModel> models() {
    return models;
  }

  /**
   * {@return the models of a role}
   *
   * @param role what they are for
   */
  public List<CatalogueModel> models(CatalogueModel.Role role) {
    return models.stream().filter(model -> model.role() == role).toList();
  }

  /**
   * {@return the model of a name; empty if there is none}
   *
   * @param name the short name, or the repository if it is one model
   */
  public Optional<CatalogueModel> find(String name) {
    return models.stream()
        .filter(model -> model.name().equalsIgnoreCase(name) || model.address().equals(name))
        .findFirst();
  }

  /**
   * {@return the first base of a kind, whose settings suit all bases of it; empty if there is none}
   *
   * @param kind what the configuration of a base tells
   */
  public Optional<CatalogueModel> find(BaseKind kind) {
    return models.stream()
        .filter(model -> model.kind().equals(Optional.of(kind)))
        .findFirst();
  }

  /** Read at the first use. */
  private static final class BuiltIn {
    static final ModelCatalogue CATALOGUE = read();

    private static ModelCatalogue read() {
      try (InputStream in = ModelCatalogue.class.getResourceAsStream(RESOURCE)) {
        Map<String, Object> json = JSON.std.mapFrom(in);
        if (!Integer.valueOf(VERSION).equals(json.get("version"))) {
          throw new IllegalStateException("the jar of Likeness is damaged: " + RESOURCE
              + " has another version than " + VERSION);
        }
        List<CatalogueModel> models = new ArrayList<>();
        for (Object each : (List<?>) json.get("models")) {
          models.add(model((Map<?, ?>) each));
        }
        return new ModelCatalogue(models);
      } catch (IOException e) {
        throw new IllegalStateException("the jar of Likeness is damaged: it has no " + RESOURCE, e);
      }
    }

    private static CatalogueModel model(Map<?, ?> values) {
      List<CatalogueModel.Source> sources = new ArrayList<>();
      for (Object each : (List<?>) values.get("sources")) {
        Map<?, ?> source = (Map<?, ?>) each;
        sources.add(new CatalogueModel.Source(
            String.valueOf(source.get("page")),
            LocalDate.parse(String.valueOf(source.get("read"))),
            ((List<?>) source.get("facts")).stream().map(String::valueOf).toList()));
      }
      String role = String.valueOf(values.get("role")).replace('-', '_').toUpperCase(Locale.ROOT);
      return new CatalogueModel(
          String.valueOf(values.get("name")), CatalogueModel.Role.valueOf(role), values, sources);
    }
  }
}
