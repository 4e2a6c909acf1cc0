package dev.likeness.integrations.spark;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.apache.spark.SparkConf;
import org.apache.spark.deploy.master.Master;
import org.apache.spark.deploy.worker.Worker;
import org.apache.spark.rpc.RpcEnv;
import scala.Option;

/**
 * A standalone cluster in this process with two workers of different hosts. Spark starts a second
 * attempt of a task on another host only, so a local cluster never does.
 */
final class TwoHosts implements AutoCloseable {
  private static final int CORES = 1;

  private final List<RpcEnv> parts = new ArrayList<>();
  private final String master;

  private TwoHosts(int memory, Path folder) {
    SparkConf conf = new SparkConf()
        .set("spark.shuffle.service.enabled", "false")
        .set("spark.master.ui.port", "0")
        .set("spark.master.rest.enabled", "false");
    RpcEnv first = Master.startRpcEnvAndEndpoint("127.0.0.1", 0, 0, conf)._1();
    parts.add(first);
    master = first.address().toSparkURL();
    for (int host = 1; host <= 2; host++) {
      parts.add(Worker.startRpcEnvAndEndpoint(
          "127.0.0." + host,
          0,
          0,
          CORES,
          memory,
          new String[] {master},
          folder.resolve("host-" + host).toString(),
          Option.apply(host),
          conf,
          Option.empty()));
    }
  }

  /** Starts the master and both workers, of one core and {@code memory} MiB each. */
  static TwoHosts start(int memory, Path folder) {
    return new TwoHosts(memory, folder);
  }

  /** The URL for {@code spark.master}. */
  String master() {
    return master;
  }

  @Override
  public void close() {
    for (int i = parts.size() - 1; i >= 0; i--) {
      parts.get(i).shutdown();
      parts.get(i).awaitTermination();
    }
  }
}
