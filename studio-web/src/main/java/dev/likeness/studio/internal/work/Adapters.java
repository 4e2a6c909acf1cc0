package dev.likeness.studio.internal.work;

import dev.likeness.diffusion.BaseModel;
import dev.likeness.diffusion.catalogue.CatalogueModel;
import dev.likeness.diffusion.catalogue.CatalogueModel.Role;
import dev.likeness.diffusion.catalogue.ModelCatalogue;
import dev.likeness.diffusion.error.InvalidInputException;
import dev.likeness.diffusion.internal.file.TensorNames;
import dev.likeness.diffusion.internal.model.ModelExtras.Extra;
import dev.likeness.diffusion.internal.model.TensorFileFormat;
import dev.likeness.headshots.person.IdentityStrength;
import dev.likeness.headshots.person.IpAdapterPerson;
import dev.likeness.ipadapter.IdentityFiles;
import dev.likeness.ipadapter.IpAdapterFile;
import dev.likeness.ipadapter.PersonAdapter;
import dev.likeness.photos.embed.UsePolicy;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Function;
import java.util.stream.Stream;

/**
 * The adapters of identity methods that the base can use: that of its own folder, those that the
 * studio was started with, and those of the catalogue that are on this machine. The last one that
 * was used stays open.
 */
final class Adapters implements AutoCloseable {
  private static final String EMBEDDER_FOLDER = "face_embedder";

  private final BaseModel base;
  private final List<AdapterFiles> given;
  private final Optional<ModelAccess> models;
  private final UsePolicy policy;
  private final Map<Path, Long> sizes = new ConcurrentHashMap<>();
  private final Map<String, Open> opened = new HashMap<>();
  private boolean isClosed;

  Adapters(
      BaseModel base, List<AdapterFiles> given, Optional<ModelAccess> models, UsePolicy policy) {
    this.base = base;
    this.policy = policy;
    this.given = given;
    this.models = models;
  }

  /**
   * An adapter with what was found for it.
   *
   * @param files its files, each one empty that is neither given nor found
   * @param kind the kind of adapter; empty if the file cannot be read
   * @param model the model of the catalogue that it is; empty for a file
   * @param refusal why it cannot be used with the base; empty if it can
   */
  record Offer(
      AdapterFiles files,
      Optional<IpAdapterFile.Kind> kind,
      Optional<CatalogueModel> model,
      Optional<String> refusal) {
    String id() {
      return files.id();
    }

    /** Returns the parts that it needs and that are not here, by the names of their options. */
    List<String> missing() {
      List<String> missing = new ArrayList<>();
      kind.ifPresent(needed -> {
        if (needed.needsImageEncoder() && files.imageEncoder().isEmpty()) {
          missing.add("image-encoder");
        }
        if (needed.needsFaceEmbedder() && files.faceEmbedder().isEmpty()) {
          missing.add("adapter-embedder");
        }
        if (needed.needsFaceParser() && files.faceParser().isEmpty()) {
          missing.add("face-parser");
        }
        if (isControlled() && files.controlNet().isEmpty()) {
          missing.add("identity-controlnet");
        }
      });
      return missing;
    }

    private boolean isControlled() {
      return kind.flatMap(IpAdapterFile.Kind::controlNet)
          .filter(IpAdapterFile.Kind.OwnControlNet::isRequired)
          .isPresent();
    }

    /** Returns true if images look less like the person, because the ControlNet is not given. */
    boolean isWeaker() {
      return kind.flatMap(IpAdapterFile.Kind::controlNet)
          .filter(own -> !own.isRequired() && files.controlNet().isEmpty())
          .isPresent();
    }

    /** Returns true if its ControlNet sets the pose of the head. */
    boolean hasPose() {
      return kind.flatMap(IpAdapterFile.Kind::controlNet).isPresent()
          && files.controlNet().isPresent();
    }

    boolean isUsable() {
      return refusal.isEmpty() && missing().isEmpty();
    }
  }

  /** Returns the adapters: those given at the start first, then the base's own. */
  List<Offer> offers() {
    Map<String, Offer> offers = new LinkedHashMap<>();
    for (AdapterFiles files : given) {
      offers.putIfAbsent(files.id(), offer(files, Optional.empty()));
    }
    base.folder().flatMap(Extra.IP_ADAPTER::in).ifPresent(own -> {
      AdapterFiles files = new AdapterFiles(
          own,
          base.folder().flatMap(Extra.IMAGE_ENCODER::in),
          Optional.empty(),
          Optional.empty(),
          Optional.empty());
      offers.putIfAbsent(files.id(), offer(files, Optional.empty()));
    });
    for (CatalogueModel model : ModelCatalogue.builtIn().models(Role.IP_ADAPTER)) {
      find(model).ifPresent(place -> {
        Offer offer = offer(
            new AdapterFiles(
                place, Optional.empty(), Optional.empty(), Optional.empty(), Optional.empty()),
            Optional.of(model));
        // Those for other bases are on the page of models.
        if (offer.refusal.isEmpty()) {
          offers.putIfAbsent(offer.id(), offer);
        }
      });
    }
    return List.copyOf(offers.values());
  }

  private Optional<Path> find(CatalogueModel model) {
    return models.flatMap(from -> from.find().apply(model));
  }

  private Offer offer(AdapterFiles files, Optional<CatalogueModel> model) {
    IpAdapterFile file = IpAdapterFile.of(files.adapter());
    try {
      IpAdapterFile.Kind kind = file.kind();
      Optional<Path> encoder = kind.needsImageEncoder()
          ? files.imageEncoder().or(() -> encoder(file))
          : Optional.empty();
      Path beside = files.adapter().toAbsolutePath().getParent().resolve(EMBEDDER_FOLDER);
      Optional<Path> embedder = kind.needsFaceEmbedder()
          ? files.faceEmbedder().or(() -> Optional.of(beside).filter(Files::isDirectory))
          : Optional.empty();
      AdapterFiles found = new AdapterFiles(
          files.adapter(), encoder, embedder, files.faceParser(), files.controlNet());
      return new Offer(found, Optional.of(kind), model, misfit(found));
    } catch (InvalidInputException broken) {
      return new Offer(files, Optional.empty(), model, Optional.of(broken.getMessage()));
    }
  }

  private Optional<String> misfit(AdapterFiles files) {
    IdentityFiles identity = files.identity();
    try {
      identity.adapter().requireFor(base);
      files.imageEncoder().ifPresent(identity.adapter()::requireEncoder);
      identity.requireUse(policy);
      return Optional.empty();
    } catch (InvalidInputException other) {
      return Optional.of(other.getMessage());
    }
  }

  /** Returns an image encoder of the catalogue that is here and fits an adapter. */
  private Optional<Path> encoder(IpAdapterFile file) {
    return ModelCatalogue.builtIn().models(Role.IMAGE_ENCODER).stream()
        .flatMap(model -> find(model).stream())
        .filter(place -> {
          try {
            file.requireEncoder(place);
            return true;
          } catch (InvalidInputException other) {
            return false;
          }
        })
        .findFirst();
  }

  /** Returns an adapter that can be used; empty if it is not here, or something is missing. */
  Optional<Offer> findUsable(String id) {
    return offers().stream()
        .filter(offer -> offer.id().equals(id) && offer.isUsable())
        .findFirst();
  }

  /**
   * Returns an adapter that can be used.
   *
   * @throws IllegalArgumentException if there is none of this name
   * @throws InvalidInputException if it does not fit the base, or something is missing
   */
  Offer require(String id) {
    Offer offer = offers().stream()
        .filter(one -> one.id().equals(id))
        .findFirst()
        .orElseThrow(() -> new IllegalArgumentException("this studio has no such adapter; known: "
            + String.join(", ", offers().stream().map(Offer::id).toList())));
    offer.refusal.ifPresent(message -> {
      throw new InvalidInputException(message);
    });
    if (!offer.missing().isEmpty()) {
      throw new InvalidInputException("the adapter " + id + " needs more files; start the studio"
          + " with --ip-adapter and --" + String.join(", --", offer.missing()));
    }
    return offer;
  }

  /** Returns the memory of an adapter with its encoders, in bytes, as the base computes. */
  long memory(Offer offer) {
    AdapterFiles files = offer.files;
    return Stream.of(
            Optional.of(files.adapter()),
            files.imageEncoder(),
            files.faceEmbedder(),
            files.faceParser(),
            files.controlNet())
        .flatMap(Optional::stream)
        .mapToLong(place -> sizes.computeIfAbsent(place, this::memory))
        .sum();
  }

  private long memory(Path place) {
    try (Stream<Path> files = Files.walk(place)) {
      return files.filter(Files::isRegularFile).mapToLong(this::fileMemory).sum();
    } catch (IOException | UncheckedIOException e) {
      throw JobFile.unreadable(e);
    }
  }

  private long fileMemory(Path file) {
    String name = file.getFileName().toString().toLowerCase(Locale.ROOT);
    try {
      if (name.matches(".*\\.(safetensors|bin|pt|pth|gguf)")) {
        TensorNames tensors = TensorFileFormat.listStored(file);
        long elements = tensors.names().stream().mapToLong(tensors::elements).sum();
        return elements * base.compute().dtype().bits() / Byte.SIZE;
      }
      return name.endsWith(".onnx") ? Files.size(file) : 0;
    } catch (InvalidInputException broken) {
      // Opening it says what is wrong.
      return 0;
    } catch (IOException e) {
      throw JobFile.unreadable(e);
    }
  }

  /** An opened adapter. */
  final class Open {
    private final PersonAdapter adapter;
    private final IdentityStrength strength;
    private int users;

    private Open(Offer offer) {
      this.strength = IdentityStrength.forAdapter(offer.files.adapter());
      this.adapter = PersonAdapter.open(offer.files.identity(), base, policy);
    }

    PersonAdapter adapter() {
      return adapter;
    }

    /** Returns a person with the strengths of this adapter. */
    IpAdapterPerson settings(IpAdapterPerson person) {
      return person.withStrength(strength);
    }

    /** Returns a person with the strengths of this adapter, and a pose of the head. */
    IpAdapterPerson posed(IpAdapterPerson person, ShootPose pose) {
      return settings(person).withControl(pose.control(adapter, base));
    }

    private void close() {
      adapter.close();
    }
  }

  /** Works with an opened adapter. It stays open until another one is used. */
  <T> T with(Offer offer, Function<Open, T> work) {
    Open open = acquire(offer);
    try {
      return work.apply(open);
    } finally {
      release(open);
    }
  }

  private synchronized Open acquire(Offer offer) {
    if (isClosed) {
      throw new IllegalStateException("the studio is being closed");
    }
    closeIdle(offer.id());
    Open open = opened.computeIfAbsent(offer.id(), id -> new Open(offer));
    open.users++;
    return open;
  }

  private synchronized void release(Open open) {
    open.users--;
    if (isClosed) {
      closeIdle("");
    }
  }

  private void closeIdle(String except) {
    opened.entrySet().removeIf(entry -> {
      boolean isIdle = entry.getValue().users == 0 && !entry.getKey().equals(except);
      if (isIdle) {
        entry.getValue().close();
      }
      return isIdle;
    });
  }

  @Override
  public synchronized void close() {
    isClosed = true;
    closeIdle("");
  }
}
