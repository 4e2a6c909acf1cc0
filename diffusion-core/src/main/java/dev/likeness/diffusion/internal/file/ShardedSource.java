package dev.likeness.diffusion.internal.file;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.jr.ob.JSON;
import dev.likeness.diffusion.error.InvalidInputException;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A model in several safetensors files with a {@code *.safetensors.index.json}, whose
 * {@code weight_map} gives the file of each tensor. All files are mapped. Thread-safe.
 */
public final class ShardedSource extends SourceView {
  private static final JSON STRICT = JSON.builder(JsonFactory.builder()
          .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
          .build())
      .build();

  private static final Pattern SHARD = Pattern.compile("(.+)-\\d{5}-of-(\\d{5})(.*)");

  private final Path index;
  private final Map<String, TensorSource> shardOf;

  private ShardedSource(Path index, Map<String, TensorSource> shardOf) {
    this.index = index;
    this.shardOf = Collections.unmodifiableMap(shardOf);
  }

  /**
   * Opens every file that {@code index} names, all in the folder of the index.
   *
   * @throws InvalidInputException if the index or a shard is broken, a shard is missing or lies
   *     outside the repository, or a tensor is not in its shard
   */
  public static ShardedSource open(Path index) {
    return open(index, Safetensors::open);
  }

  /** Opens an index and its files by {@code opening}; see {@link #open(Path)}. */
  public static ShardedSource open(Path index, Function<Path, TensorSource> opening) {
    Map<String, String> fileOf = readIndex(index);
    RepositoryFolder folder = RepositoryFolder.of(index.toAbsolutePath().getParent());
    Map<String, TensorSource> shards = new LinkedHashMap<>();
    Map<String, TensorSource> shardOf = new LinkedHashMap<>();
    try {
      fileOf.forEach((name, file) -> {
        TensorSource shard =
            shards.computeIfAbsent(file, f -> opening.apply(folder.resolve(f, index)));
        if (!shard.names().contains(name)) {
          throw new InvalidInputException(index + " says that tensor " + Quoted.of(name) + " is in "
              + file + ", but it is not; download the index and all shards of one revision again");
        }
        shardOf.put(name, shard);
      });
    } catch (RuntimeException e) {
      shards.values().forEach(TensorSource::close);
      throw e;
    }
    return new ShardedSource(index, shardOf);
  }

  /** Returns true if the name of {@code file} is that of one of several shards. */
  public static boolean isShard(Path file) {
    return SHARD.matcher(file.getFileName().toString()).matches();
  }

  /**
   * Opens all shards of a model whose index is lost. Their names say how many there are.
   *
   * @param shard one of them
   * @throws InvalidInputException if one is missing or broken, or two have a tensor of one name
   */
  public static ShardedSource withoutIndex(Path shard, Function<Path, TensorSource> opening) {
    Matcher name = SHARD.matcher(shard.getFileName().toString());
    if (!name.matches()) {
      throw new IllegalArgumentException(
          shard + " is not a shard; expected a name such as model-00001-of-00002.safetensors");
    }
    int count = Integer.parseInt(name.group(2));
    RepositoryFolder folder = RepositoryFolder.of(shard.toAbsolutePath().getParent());
    Map<String, TensorSource> shardOf = new LinkedHashMap<>();
    List<TensorSource> shards = new ArrayList<>();
    try {
      for (int i = 1; i <= Math.max(1, count); i++) {
        String next =
            name.group(1) + String.format(Locale.ROOT, "-%05d-of-%05d", i, count) + name.group(3);
        TensorSource opened = opening.apply(folder.resolve(next, shard));
        shards.add(opened);
        for (String tensor : opened.names()) {
          if (shardOf.put(tensor, opened) != null) {
            throw new InvalidInputException(opened.describe() + ": tensor " + Quoted.of(tensor)
                + " is also in another shard; download all shards of one revision again");
          }
        }
      }
    } catch (RuntimeException e) {
      shards.forEach(TensorSource::close);
      throw e;
    }
    return new ShardedSource(shard, shardOf);
  }

  private static Map<String, String> readIndex(Path index) {
    Object map = parse(index).get("weight_map");
    if (!(map instanceof Map<?, ?> weightMap)) {
      throw new InvalidInputException(
          index + " has no object \"weight_map\" that maps tensor names to files; download the"
              + " file again");
    }
    Map<String, String> fileOf = new LinkedHashMap<>();
    weightMap.forEach((name, file) -> {
      if (!(file instanceof String)) {
        throw new InvalidInputException(index + ": \"weight_map\" gives no file name for tensor "
            + Quoted.of(name.toString()) + "; download the file again");
      }
      fileOf.put(name.toString(), (String) file);
    });
    return fileOf;
  }

  private static Map<String, Object> parse(Path index) {
    try {
      Map<String, Object> object = STRICT.mapFrom(ModelFile.read(index, ModelFile.LARGEST_CONFIG));
      return object == null ? Map.of() : object;
    } catch (IOException e) {
      throw new InvalidInputException(
          index + " is not a JSON object: " + Quoted.reason(e) + "; download the file again", e);
    }
  }

  @Override
  public Set<String> names() {
    return shardOf.keySet();
  }

  @Override
  protected TensorSource sourceOf(String name) {
    TensorSource shard = shardOf.get(name);
    if (shard == null) {
      throw new IllegalArgumentException("no tensor " + Quoted.of(name) + " in " + index);
    }
    return shard;
  }

  @Override
  public Map<String, String> metadata() {
    Map<String, String> all = new LinkedHashMap<>();
    shardOf.values().stream()
        .distinct()
        .forEach(shard -> shard.metadata().forEach(all::putIfAbsent));
    return all;
  }

  @Override
  public List<Map<String, String>> fileMetadata() {
    return shardOf.values().stream().distinct().map(TensorSource::metadata).toList();
  }

  @Override
  public String describe() {
    return index.toString();
  }

  @Override
  public void close() {
    shardOf.values().forEach(TensorSource::close);
  }
}
