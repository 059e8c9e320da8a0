"""Walks twenty circles when told to; runs in the peers' own Python, reads one line per turn, answers one.

Usage: child.py valhalla MAP.osm.pbf DOORS.json FOLDER | child.py pandana GRAPH.npz DOORS.json.
DOORS is {"places": [[lon, lat], ...], "nodes": [...], "seconds": 900}. Answers: the places found per circle.
"""

import json
import os
import subprocess
import sys
from pathlib import Path


def valhalla(map_file, doors, folder):
    """Isochrone polygons of the pedestrian costing at 3.6 km/h."""
    import valhalla as engine

    folder = Path(folder)
    (folder / "tiles").mkdir(parents=True, exist_ok=True)
    config = engine.get_config(tile_extract="", tile_dir=str(folder / "tiles"), verbose=False)
    config["service_limits"]["pedestrian"]["max_distance"] = 1e6
    file = folder / "valhalla.json"
    if not any((folder / "tiles").iterdir()):
        file.write_text(json.dumps(config))
        program = Path(engine.__file__).parent / "bin" / "valhalla_build_tiles"
        command = [str(program), "-c", str(file), map_file]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    actor = engine.Actor(config)
    asked = [
        json.dumps(
            {
                "locations": [{"lon": lon, "lat": lat}],
                "costing": "pedestrian",
                "costing_options": {"pedestrian": {"walking_speed": 3.6}},
                "contours": [{"time": doors["seconds"] / 60}],
                "polygons": True,
            }
        )
        for lon, lat in doors["places"]
    ]
    return lambda: [len(actor.isochrone(one)) for one in asked]


def pandana(graph_file, doors):
    """Exact costs at crossings by contraction hierarchies, one call of its C++ engine a circle."""
    import numpy as np
    import pandana as engine
    import pandas as pd

    graph = np.load(graph_file)
    network = engine.Network(
        pd.Series(graph["x"]),
        pd.Series(graph["y"]),
        pd.Series(graph["tails"]),
        pd.Series(graph["heads"]),
        pd.DataFrame({"seconds": graph["weights"]}),
        twoway=True,
    )
    ids = network.node_idx.index.to_numpy(dtype=np.int64)
    # below Network.nodes_in_range, whose pandas frames take far longer than the walk
    ranges = [np.array([node], dtype=np.int64) for node in doors["nodes"]]
    return lambda: [len(network.net.nodes_in_range(one, doors["seconds"], 0, ids)[0]) for one in ranges]


def main():
    """Build, say ready, then walk once per line."""
    # what the engines print goes to the other side: only answers are on ours
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    kind, source, doors_file, *more = sys.argv[1:]
    doors = json.loads(Path(doors_file).read_text())
    walk = {"valhalla": valhalla, "pandana": pandana}[kind](source, doors, *more)
    print("ready", file=answers, flush=True)
    for _ in sys.stdin:
        print(json.dumps(walk()), file=answers, flush=True)


if __name__ == "__main__":
    main()
