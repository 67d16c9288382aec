"""What each user would see first, and what becomes of the rare items."""

from app.components.lists_asked import wishes
from app.components.lists_effect import effect
from app.components.lists_files import files
from app.components.lists_heads import chances_told
from app.components.lists_made import require_lists
from app.components.lists_segments import segments_told
from app.components.lists_table import arms_told, said_first
from app.components.lists_trade import trade
from app.components.lists_training import training_told
from app.components.states import require_dataset

identifier, dataset = require_dataset()
asked = wishes(identifier, dataset)
ranked = require_lists(identifier, asked)
if asked is not None and ranked is not None:
    said_first(ranked)
    arms_told(ranked)
    segments_told(ranked)
    chances_told(ranked)
    trade(ranked)
    effect(ranked)
    training_told(ranked)
    files(identifier, asked, ranked)
