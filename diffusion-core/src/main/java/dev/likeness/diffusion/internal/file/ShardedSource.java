package dev.likeness.diffusion.internal.file;

import com.fasterxml.jackson.core.JacksonException;
import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.jr.ob.JSON;
import dev.likeness.diffusion.error.InvalidInputException;
import dev.likeness.diffusion.internal.io.UninterruptibleIo;
import dev.likeness.diffusion.tensor.DType;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;
import org.bytedeco.pytorch.Tensor;

/**
 * A model in several safetensors files with a {@code *.safetensors.index.json}, whose
 * {@code weight_map} gives the file of each tensor. All files are mapped. Thread-safe.
 */
public final class ShardedSource implements TensorSource {
  private static final JSON STRICT = JSON.builder(JsonFactory.builder()
          .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
          .build())
      .build();

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
          throw new InvalidInputException(
              index + " says that tensor " + Quoted.of(name) + " is in " + file
                  + ", but it is not; download the index and its files again, all of one revision");
        }
        shardOf.put(name, shard);
      });
    } catch (RuntimeException e) {
      shards.values().forEach(TensorSource::close);
      throw e;
    }
    return new ShardedSource(index, shardOf);
  }

  private static Map<String, String> readIndex(Path index) {
    Object map = parse(index).get("weight_map");
    if (!(map instanceof Map<?, ?> weightMap)) {
      throw new InvalidInputException(
          index + ": expected an object \"weight_map\" from tensor names to files");
    }
    Map<String, String> fileOf = new LinkedHashMap<>();
    weightMap.forEach((name, file) -> {
      if (!(file instanceof String)) {
        throw new InvalidInputException(
            index + ": \"weight_map\" gives no file name for tensor " + Quoted.of(name.toString()));
      }
      fileOf.put(name.toString(), (String) file);
    });
    return fileOf;
  }

  private static Map<String, Object> parse(Path index) {
    try {
      if (Files.size(index) > SafetensorsHeader.DEFAULT_CAP) {
        throw new InvalidInputException(index + " has " + Files.size(index)
            + " bytes, more than the " + SafetensorsHeader.DEFAULT_CAP + " allowed for an index");
      }
      return STRICT.mapFrom(UninterruptibleIo.read(index, Files::readAllBytes));
    } catch (JacksonException e) {
      throw new InvalidInputException(index + " is not a JSON object: " + Quoted.problem(e), e);
    } catch (IOException e) {
      throw new InvalidInputException("cannot read " + index + ": " + Quoted.reason(e), e);
    }
  }

  @Override
  public Set<String> names() {
    return shardOf.keySet();
  }

  @Override
  public long[] shape(String name) {
    return shard(name).shape(name);
  }

  @Override
  public DType dtype(String name) {
    return shard(name).dtype(name);
  }

  @Override
  public Tensor read(String name) {
    return shard(name).read(name);
  }

  private TensorSource shard(String name) {
    TensorSource shard = shardOf.get(name);
    if (shard == null) {
      throw new IllegalArgumentException("no tensor " + Quoted.of(name) + " in " + index);
    }
    return shard;
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
