package dev.likeness.diffusion.catalogue;

import java.time.LocalDate;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalInt;

/** A published model of the catalogue. Immutable. */
public final class CatalogueModel {
  /** What a model is for. */
  public enum Role {
    /** A base model, which generates images. */
    BASE,
    /** A LoRA that changes how a base is sampled or trained. */
    ACCELERATOR,
    /** An adapter for reference images. */
    IP_ADAPTER,
    /** The image encoder of an IP-Adapter. */
    IMAGE_ENCODER,
    /** A network that follows a control image. */
    CONTROLNET,
    /** A small autoencoder for previews and face guidance. */
    TINY_AUTOENCODER,
    /** A network that enlarges images. */
    UPSCALER,
    /** A network that finds faces. */
    DETECTOR,
    /** A network that compares faces. */
    FACE_EMBEDDER;

    /** {@return the name in {@code models.json} and in the command, as {@code ip-adapter}} */
    public String label() {
      return name().toLowerCase(Locale.ROOT).replace('_', '-');
    }
  }

  /** Whether a licence allows commercial use. */
  public enum Commercial {
    /** It does, perhaps with rules for what images may show. */
    YES,
    /** It does on conditions, such as a limit of revenue. */
    CONDITIONS,
    /** It does not. */
    NO
  }

  /**
   * A licence.
   *
   * @param name its name
   * @param commercial whether it allows commercial use
   */
  public record Licence(String name, Commercial commercial) {}

  /**
   * The memory that one image needs, estimated from the headers of its files as for a memory
   * budget: without the program itself, in GiB, rounded up to a tenth.
   *
   * @param size the pixels along each side of the image
   * @param f32 with all networks in memory in f32
   * @param bf16 in bf16 or f16
   * @param eightBit in bf16 with the UNet or transformer in 8 bits
   * @param least in bf16 with networks streamed from the files where the base allows it
   */
  public record Memory(int size, double f32, double bf16, double eightBit, double least) {}

  /**
   * A page, and what was read there.
   *
   * @param page the address of the page, or a file of a published package
   * @param read the day
   * @param facts the facts that it gave: repository, file, family, licence, purpose, settings,
   *     training
   */
  public record Source(String page, LocalDate read, List<String> facts) {
    /** Copies the list. */
    public Source {
      facts = List.copyOf(facts);
    }
  }

  private final String name;
  private final Role role;
  private final Map<?, ?> values;
  private final List<Source> sources;

  CatalogueModel(String name, Role role, Map<?, ?> values, List<Source> sources) {
    this.name = name;
    this.role = role;
    this.values = values;
    this.sources = List.copyOf(sources);
  }

  /** {@return the short name, as {@code sdxl}} */
  public String name() {
    return name;
  }

  /** {@return what the model is for} */
  public Role role() {
    return role;
  }

  /** {@return owner and name of the repository} */
  public String repository() {
    return text("repository").orElseThrow();
  }

  /** {@return the file or folder in the repository; empty if the whole repository is one model} */
  public Optional<String> file() {
    return text("file");
  }

  /** {@return the address for {@code model-hub}: {@code owner/name} or {@code owner/name:file}} */
  public String address() {
    return repository() + file().map(each -> ":" + each).orElse("");
  }

  /** {@return the family that the model belongs to or fits, as {@code sdxl}; empty for any} */
  public Optional<String> family() {
    return text("family");
  }

  /**
   * {@return the kind of bases that its settings suit; empty if the model is no base, or its
   * configuration was not read}
   */
  public Optional<BaseKind> kind() {
    return values.get("kind") instanceof Map<?, ?> kind
        ? Optional.of(new BaseKind(
            family().orElseThrow(),
            String.valueOf(kind.get("task")),
            String.valueOf(kind.get("prediction")),
            Boolean.TRUE.equals(kind.get("distilled"))))
        : Optional.empty();
  }

  /** {@return what the model is good for, in words of this library} */
  public String purpose() {
    return text("purpose").orElseThrow();
  }

  /** {@return the licence; empty if no page gave it} */
  public Optional<Licence> licence() {
    return values.get("licence") instanceof Map<?, ?> given
        ? Optional.of(new Licence(
            String.valueOf(given.get("name")),
            Commercial.valueOf(String.valueOf(given.get("commercial")).toUpperCase(Locale.ROOT))))
        : Optional.empty();
  }

  /** {@return true if a page says that the licence allows commercial use without conditions} */
  public boolean isCommercial() {
    return licence().filter(each -> each.commercial() == Commercial.YES).isPresent();
  }

  /** {@return the number of steps that works; empty if no page gave it} */
  public OptionalInt steps() {
    return setting("steps") instanceof Number number
        ? OptionalInt.of(number.intValue())
        : OptionalInt.empty();
  }

  /** {@return the guidance scale that works; 0 and 1 are without guidance} */
  public OptionalDouble guidance() {
    return setting("guidance") instanceof Number number
        ? OptionalDouble.of(number.doubleValue())
        : OptionalDouble.empty();
  }

  /** {@return the scheduler that works, as a name of the library; empty for the base's own} */
  public Optional<String> scheduler() {
    return Optional.ofNullable(setting("scheduler")).map(String::valueOf);
  }

  /** {@return the pixels along one side of its usual image; empty if no page gave them} */
  public OptionalInt size() {
    return setting("size") instanceof Number number
        ? OptionalInt.of(number.intValue())
        : OptionalInt.empty();
  }

  /**
   * {@return the weight of an adapter, or the scale of a ControlNet, that its publishers use or
   * recommend; empty if no page gave one}
   */
  public OptionalDouble weight() {
    return setting("weight") instanceof Number number
        ? OptionalDouble.of(number.doubleValue())
        : OptionalDouble.empty();
  }

  /** {@return the memory that an image needs; empty if it was not estimated} */
  public Optional<Memory> memory() {
    return values.get("memory") instanceof Map<?, ?> memory
        ? Optional.of(new Memory(
            ((Number) memory.get("size")).intValue(),
            number(memory, "f32"),
            number(memory, "bf16"),
            number(memory, "8bit"),
            number(memory, "least")))
        : Optional.empty();
  }

  private static double number(Map<?, ?> values, String key) {
    return ((Number) values.get(key)).doubleValue();
  }

  /** {@return the catalogue's name of the LoRA that is added while a person is trained on it} */
  public Optional<String> trainingAdapter() {
    return training("adapter");
  }

  /**
   * {@return the catalogue's name of the base that a person is trained on instead} The person's
   * file then fits both bases.
   */
  public Optional<String> trainingBase() {
    return training("base");
  }

  /** {@return the rank of a LoRA of a person on this base; empty if no page gave it} */
  public OptionalInt trainingRank() {
    return trainingNumber("rank").isPresent()
        ? OptionalInt.of((int) trainingNumber("rank").getAsDouble())
        : OptionalInt.empty();
  }

  /** {@return the learning rate of a LoRA of a person on this base} */
  public OptionalDouble learningRate() {
    return trainingNumber("learning_rate");
  }

  /** {@return the training steps for each photo of a person, with batch size 1} */
  public OptionalDouble stepsPerPhoto() {
    return trainingNumber("steps_per_photo");
  }

  private OptionalDouble trainingNumber(String key) {
    return values.get("training") instanceof Map<?, ?> training
            && training.get(key) instanceof Number number
        ? OptionalDouble.of(number.doubleValue())
        : OptionalDouble.empty();
  }

  /** {@return the pages of the facts} */
  public List<Source> sources() {
    return sources;
  }

  private Optional<String> training(String key) {
    return values.get("training") instanceof Map<?, ?> training
        ? Optional.ofNullable(training.get(key)).map(Objects::toString)
        : Optional.empty();
  }

  private Object setting(String key) {
    return values.get("settings") instanceof Map<?, ?> settings ? settings.get(key) : null;
  }

  private Optional<String> text(String key) {
    return Optional.ofNullable(values.get(key)).map(Objects::toString);
  }

  @Override
  public String toString() {
    return name + " (" + address() + ")";
  }
}
